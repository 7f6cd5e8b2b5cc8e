import type { Pod } from '@coracle/api/types/core/v1';
import type { DeepPartial } from '../cri/generated/runtime.v1.ts';
import { type PodSandboxConfig, Protocol } from '../cri/generated/runtime.v1.ts';
import { sandboxAnnotations, sandboxLabels } from '../cri/labels.ts';
import { amount, milliCpu, milliCpuToQuota, milliCpuToShares, quotaPeriod } from '../resources/linux.ts';
import { podAmounts } from '../resources/pod-resources.ts';
import type { DnsConfig } from './dns.ts';
import { hostnameOf } from './names.ts';
import { type SecuritySettings, sandboxSecurity } from './security-context.ts';

export interface SandboxFacts extends SecuritySettings {
  attempt: number;
  dns: DnsConfig;
  cgroupParent: string;
  /** The folder of the pod's logs. */
  logFolder: string;
}

const protocols = { TCP: Protocol.TCP, UDP: Protocol.UDP, SCTP: Protocol.SCTP } as const;

/** The sandbox of a pod as CRI wants it described. Throws on what this kubelet cannot give a pod. */
export function sandboxConfig(pod: Pod, facts: SandboxFacts): DeepPartial<PodSandboxConfig> {
  const { metadata, spec } = pod;
  if (spec.hostUsers === false)
    throw new Error('spec.hostUsers: false (a user namespace for the pod) is not supported');
  if (spec.runtimeClassName)
    throw new Error(`spec.runtimeClassName: RuntimeClass "${spec.runtimeClassName}" is not supported`);
  if (spec.setHostnameAsFQDN) throw new Error('spec.setHostnameAsFQDN is not supported');
  if (spec.resourceClaims?.length) throw new Error('spec.resourceClaims is not supported');
  const { attempt, dns, cgroupParent, logFolder } = facts;
  return {
    metadata: { name: metadata.name, namespace: metadata.namespace, uid: metadata.uid, attempt },
    // In the host's network the hostname is the host's.
    hostname: spec.hostNetwork ? '' : hostnameOf(pod),
    logDirectory: logFolder,
    dnsConfig: dns,
    portMappings: hostPorts(pod),
    labels: sandboxLabels(pod),
    annotations: sandboxAnnotations(pod),
    linux: {
      cgroupParent,
      securityContext: sandboxSecurity(pod, facts),
      sysctls: Object.fromEntries(
        (spec.securityContext?.sysctls ?? []).map(({ name, value }) => [name.replaceAll('/', '.'), value]),
      ),
      resources: sandboxResources(pod),
      overhead: {},
    },
  };
}

/** Ports of the host that lead into the pod; in the host's network every port is the host's own already. */
function hostPorts(pod: Pod) {
  if (pod.spec.hostNetwork) return [];
  const sidecars = (pod.spec.initContainers ?? []).filter((each) => each.restartPolicy === 'Always');
  return [...pod.spec.containers, ...sidecars]
    .flatMap((each) => each.ports ?? [])
    .filter((port) => port.hostPort)
    .map((port) => ({
      protocol: protocols[(port.protocol ?? 'TCP') as keyof typeof protocols],
      containerPort: port.containerPort,
      hostPort: port.hostPort,
      hostIp: port.hostIP ?? '',
    }));
}

/** The pod's amounts as a whole, for runtimes that size a sandbox (a virtual machine) by them. */
function sandboxResources(pod: Pod) {
  const requests = podAmounts(pod.spec, 'requests');
  const limits = podAmounts(pod.spec, 'limits');
  return {
    cpuPeriod: BigInt(quotaPeriod),
    cpuQuota: BigInt(milliCpuToQuota(milliCpu(limits))),
    cpuShares: BigInt(milliCpuToShares(milliCpu(requests))),
    memoryLimitInBytes: BigInt(amount(limits, 'memory')),
  };
}
