import type { ContainerStatus, Pod } from '@coracle/api/types/core/v1';
import type { Clock } from '../clock.ts';
import type { ProbeResults } from '../pods/actions.ts';
import type { Events } from '../pods/events.ts';
import type { AnyContainer } from '../pods/names.ts';
import type { RuntimePod } from '../pods/runtime-pod.ts';
import { type ProbeType, ProbeWorker } from './probe-worker.ts';
import type { ProbeOutcome } from './result.ts';
import type { RunProbe } from './run.ts';

interface PodProbes {
  pod: Pod;
  podIp: string;
  workers: Map<string, Partial<Record<ProbeType, ProbeWorker>>>;
}

const names: Record<ProbeType, string> = { liveness: 'Liveness', readiness: 'Readiness', startup: 'Startup' };

export interface ProbesOptions {
  run: RunProbe;
  events: Events;
  clock: Clock;
  /** Addresses of the node: those of pods in its network. */
  hostIps: () => readonly string[];
  /** Told when a probe of a pod has changed its mind. */
  changed(uid: string): void;
  /** Counts every try by its result. */
  count?(pod: Pod, container: string, type: string, result: string): void;
}

/** All probes of all pods. */
export class Probes {
  readonly #options: ProbesOptions;
  readonly #pods = new Map<string, PodProbes>();

  constructor(options: ProbesOptions) {
    this.#options = options;
  }

  /** What the probes say of single containers. */
  readonly results: ProbeResults = {
    liveness: (id) => this.#find('liveness', id),
    startup: (id) => this.#find('startup', id),
  };

  /** Begins probing a pod's containers; containers that are probed already go on. */
  add(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    const known = this.#pods.get(uid) ?? { pod, podIp: '', workers: new Map() };
    this.#pods.set(uid, known);
    known.pod = pod;
    for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
      if (known.workers.has(container.name)) continue;
      const workers: Partial<Record<ProbeType, ProbeWorker>> = {};
      for (const type of ['startup', 'liveness', 'readiness'] as const) {
        if (container[`${type}Probe`]) workers[type] = this.#worker(known, container, type);
      }
      known.workers.set(container.name, workers);
    }
  }

  /** Tells what runs of a pod now. */
  observe(pod: Pod, actual: RuntimePod): void {
    const known = this.#pods.get(pod.metadata.uid ?? '');
    if (!known) return;
    known.pod = pod;
    known.podIp = (pod.spec.hostNetwork ? this.#options.hostIps() : actual.sandboxes[0]?.ips)?.[0] ?? '';
    for (const [name, workers] of known.workers) {
      const [newest] = actual.containers.filter((each) => each.name === name);
      const running = newest?.state === 'running' ? newest : undefined;
      const observe = (worker: ProbeWorker | undefined, started: boolean, wasContent?: boolean): void =>
        worker?.observe(
          running && { id: running.id, startedAt: running.startedAt, started, ...(wasContent && { wasContent }) },
        );
      const reported = running && reportedOf(pod, running.id);
      observe(workers.startup, false, reported?.started);
      const started = !workers.startup || (running !== undefined && workers.startup.verdict(running.id) === 'success');
      observe(workers.liveness, started);
      observe(workers.readiness, started, reported?.ready);
    }
  }

  /** Whether a container's readiness probe is content; true without one. */
  ready(uid: string, container: AnyContainer, id: string): boolean {
    if (!container.readinessProbe) return true;
    return this.#pods.get(uid)?.workers.get(container.name)?.readiness?.verdict(id) === 'success';
  }

  /** Whether a container's startup probe is content; true without one. */
  started(uid: string, container: AnyContainer, id: string): boolean {
    if (!container.startupProbe) return true;
    return this.#pods.get(uid)?.workers.get(container.name)?.startup?.verdict(id) === 'success';
  }

  /** Ends the probes that would restart containers of a pod that is ending; readiness is still told. */
  stopRestarts(uid: string): void {
    for (const { liveness, startup } of this.#pods.get(uid)?.workers.values() ?? []) {
      liveness?.stop();
      startup?.stop();
    }
  }

  remove(uid: string): void {
    for (const workers of this.#pods.get(uid)?.workers.values() ?? []) {
      for (const worker of Object.values(workers)) worker.stop();
    }
    this.#pods.delete(uid);
  }

  #find(type: ProbeType, id: string) {
    for (const { workers } of this.#pods.values()) {
      for (const each of workers.values()) {
        const verdict = each[type]?.verdict(id);
        if (verdict) return verdict;
      }
    }
    return undefined;
  }

  #worker(known: PodProbes, container: AnyContainer, type: ProbeType): ProbeWorker {
    const { run, clock, events, changed, count } = this.#options;
    const probe = container[`${type}Probe`]!;
    const uid = known.pod.metadata.uid ?? '';
    return new ProbeWorker({
      type,
      probe,
      clock,
      run: async (containerId) => {
        const outcome = await run(probe, { pod: known.pod, container, containerId, podIp: known.podIp });
        count?.(
          known.pod,
          container.name,
          names[type],
          outcome.result === 'success' || outcome.result === 'warning'
            ? 'successful'
            : outcome.result === 'failure'
              ? 'failed'
              : 'unknown',
        );
        return outcome;
      },
      failed: (outcome) => events.container(known.pod, container, 'Warning', ...eventOf(names[type], outcome)),
      changed: () => changed(uid),
    });
  }
}

/**
 * What was last reported of a container that runs: a kubelet that starts anew takes over what the one before it found, so that no pod drops out of
 * its Services until the first probe (KEP-4781).
 */
function reportedOf(pod: Pod, id: string): ContainerStatus | undefined {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  return [...initContainerStatuses, ...containerStatuses].find((it) => it.containerID?.endsWith(`//${id}`));
}

function eventOf(name: string, { result, output }: ProbeOutcome): [reason: string, message: string] {
  if (result === 'warning') return ['ProbeWarning', `${name} probe warning: ${output}`];
  if (result === 'failure') return ['Unhealthy', `${name} probe failed: ${output}`];
  return ['Unhealthy', `${name} probe errored and resulted in unknown state: ${output}`];
}
