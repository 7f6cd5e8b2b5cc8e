import { qosClass } from '@coracle/api/core/v1/qos';
import { Quantity } from '@coracle/api/meta/quantity';
import type { Container, EphemeralContainer, Pod, ResourceRequirements } from '@coracle/api/types/core/v1';
import type { LinuxContainerResources } from '../cri/generated/runtime.v1.ts';

/** CFS accounts CPU time in periods of 100 ms. */
export const quotaPeriod = 100_000;
/** The kernel refuses quotas below 1 ms. */
const minQuota = 1000;
const minShares = 2;
const maxShares = 262_144;

/** A share of 1024 stands for one CPU. */
export function milliCpuToShares(milliCpu: number): number {
  if (milliCpu === 0) return minShares;
  return Math.min(Math.max(Math.floor((milliCpu * 1024) / 1000), minShares), maxShares);
}

/** Microseconds of CPU time per period; 0 stands for no limit. */
export function milliCpuToQuota(milliCpu: number, period = quotaPeriod): number {
  if (milliCpu === 0) return 0;
  return Math.max(Math.floor((milliCpu * period) / 1000), minQuota);
}

/** cgroup v2's weight (1..10000) for v1's shares (2..262144), as runc converts since 1.3.2: 1024 shares are the default weight, 100. */
export function sharesToWeight(shares: number): number {
  if (shares === 0) return 0;
  if (shares <= minShares) return 1;
  if (shares >= maxShares) return 10_000;
  const log = Math.log2(shares);
  return Math.ceil(10 ** ((log * log + 125 * log) / 612 - 7 / 34));
}

export function milliCpu(list: Record<string, string> | undefined): number {
  return list?.['cpu'] === undefined ? 0 : Number(Quantity.parse(list['cpu']).milliValue());
}

/** An amount in whole units (bytes for memory), rounded up. */
export function amount(list: Record<string, string> | undefined, name: string): number {
  return list?.[name] === undefined ? 0 : Number(Quantity.parse(list[name]).value());
}

/**
 * How readily the kernel kills a container's processes when memory runs out: guaranteed and node-critical pods last (-997), best-effort
 * ones first (1000), burstable ones the earlier the more they use beyond their request. `nodeMemory` in bytes.
 */
export function oomScoreAdj(pod: Pod, container: Container | EphemeralContainer, nodeMemory: number): number {
  if (isNodeCritical(pod)) return -997;
  const qos = qosClass(pod.spec);
  if (qos === 'Guaranteed') return -997;
  if (qos === 'BestEffort') return 1000;
  let score = 1000 - Math.floor((1000 * amount(container.resources?.requests, 'memory')) / nodeMemory);
  if (isSidecar(pod, container)) {
    const least = Math.min(...pod.spec.containers.map((each) => amount(each.resources?.requests, 'memory')));
    score = Math.min(score, 1000 - Math.floor((1000 * least) / nodeMemory));
  }
  return Math.min(Math.max(score, 3), 999);
}

/** The cgroup settings of one container. */
export function containerResources(
  pod: Pod,
  container: Container | EphemeralContainer,
  node: {
    memory: number;
    cpuQuota: boolean;
    cpuQuotaPeriod: number;
    unified: boolean;
    podHugepages: readonly string[];
  },
): Partial<LinuxContainerResources> {
  const { requests, limits } = container.resources ?? {};
  const cpuLimit = milliCpu(limits);
  const cpuRequest = requests?.['cpu'] === undefined ? cpuLimit : milliCpu(requests);
  const resources: Partial<LinuxContainerResources> = {
    cpuShares: BigInt(milliCpuToShares(cpuRequest)),
    memoryLimitInBytes: BigInt(amount(limits, 'memory')),
    oomScoreAdj: BigInt(oomScoreAdj(pod, container, node.memory)),
    hugepageLimits: hugepageLimits(container.resources, node.podHugepages),
  };
  if (node.cpuQuota) {
    resources.cpuPeriod = BigInt(node.cpuQuotaPeriod);
    resources.cpuQuota = BigInt(milliCpuToQuota(cpuLimit, node.cpuQuotaPeriod));
  }
  // With one OOM group the kernel ends all of a container's processes together, not a random one (cgroup v2 only).
  if (node.unified) resources.unified = { 'memory.oom.group': '1' };
  return resources;
}

/** A limit for every page size of the node; 0 where the container asks for none. `sizes` are resource names (`hugepages-2Mi`). */
function hugepageLimits(resources: ResourceRequirements | undefined, sizes: readonly string[]) {
  return sizes.map((name) => ({
    pageSize: hugepageSize(name),
    limit: BigInt(amount(resources?.limits, name)),
  }));
}

/** `hugepages-2Mi` -> `2MB`, as the kernel names page sizes in cgroup files. */
export function hugepageSize(resource: string): string {
  const bytes = Number(Quantity.parse(resource.slice('hugepages-'.length)).value());
  const units = ['B', 'KB', 'MB', 'GB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${size}${units[unit]}`;
}

function isSidecar(pod: Pod, container: { name: string }): boolean {
  return (
    pod.spec.initContainers?.some((each) => each.name === container.name && each.restartPolicy === 'Always') ?? false
  );
}

/** Static pods and pods of priority 2000001000 and above: the node does not work without them. */
export function isNodeCritical(pod: Pod): boolean {
  return (pod.spec.priority ?? 0) >= 2_000_001_000;
}
