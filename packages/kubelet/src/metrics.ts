import type { Pod } from '@coracle/api/types/core/v1';
import { Counter, Gauge, Registry } from '@coracle/process';
import type { Pods } from './pods/pods.ts';

export interface KubeletMetrics {
  /** What /metrics/probes serves. */
  probes: Registry;
  probed(pod: Pod, container: string, type: string, result: string): void;
}

/** The kubelet's own metrics, by upstream's names. */
export function kubeletMetrics(registry: Registry, nodeName: string, pods: () => Pods): KubeletMetrics {
  const registers = [registry];
  new Gauge({
    name: 'kubelet_node_name',
    help: 'Name of the node, in a label; the value is always 1.',
    labelNames: ['node'],
    registers,
  }).set({ node: nodeName }, 1);
  new Gauge({
    name: 'kubelet_running_pods',
    help: 'Pods whose sandbox runs.',
    registers,
    collect() {
      this.set(pods().runningPods());
    },
  });
  new Gauge({
    name: 'kubelet_active_pods',
    help: 'Pods that count when others are admitted, those from files (static) apart.',
    labelNames: ['static'],
    registers,
    collect() {
      const { fromApi, fromFiles } = pods().counts();
      this.set({ static: '' }, fromApi);
      this.set({ static: 'true' }, fromFiles);
    },
  });
  const probes = new Registry();
  const total = new Counter({
    name: 'prober_probe_total',
    help: 'Probes of containers so far, by kind and result.',
    labelNames: ['probe_type', 'result', 'container', 'pod', 'namespace', 'pod_uid'],
    registers: [probes],
  });
  return {
    probes,
    probed({ metadata }, container, type, result) {
      const { name = '', namespace = '', uid = '' } = metadata;
      total.inc({ probe_type: type, result, container, pod: name, namespace, pod_uid: uid });
    },
  };
}
