import { qosClass } from '@coracle/api/core/v1/qos';
import type { Pod } from '@coracle/api/types/core/v1';
import type { CgroupLimits, Cgroups } from './cgroups.ts';
import { amount, hugepageSize, milliCpu, milliCpuToQuota, milliCpuToShares } from './linux.ts';
import { allLimited, podAmounts } from './pod-resources.ts';

export interface PodCgroupsOptions {
  /** Where `kubepods` is made; `/` unless configured. */
  root: string;
  /** Whether pods are grouped by QoS class below `kubepods`; otherwise they share the root. */
  perQos: boolean;
  cpuQuota: boolean;
  /** Microseconds. */
  cpuQuotaPeriod: number;
  /** Processes a pod may have; -1 for no limit. */
  podPidsLimit: number;
  /** What pods may use together. */
  allocatable: { milliCpu: number; memory: number };
}

/** The tree of cgroups that pods live in: kubepods, in it burstable and besteffort, in those (or kubepods itself) a cgroup per pod. */
export class PodCgroups {
  readonly cgroups: Cgroups;
  readonly #options: PodCgroupsOptions;

  constructor(cgroups: Cgroups, options: PodCgroupsOptions) {
    this.cgroups = cgroups;
    this.#options = options;
  }

  /** Makes the cgroups of the QoS classes; pods as a whole may use what is allocatable. */
  async start(): Promise<void> {
    if (!this.#options.perQos) return;
    const { allocatable } = this.#options;
    await this.cgroups.create(this.#path([]), {
      cpuShares: milliCpuToShares(allocatable.milliCpu),
      memory: allocatable.memory,
    });
    await this.cgroups.create(this.#path(['burstable']), { cpuShares: 2 });
    await this.cgroups.create(this.#path(['besteffort']), { cpuShares: 2 });
  }

  /** The cgroup of a pod, as the runtime is told it. */
  pathOf(pod: Pod): string {
    return this.#options.perQos ? this.#path(this.#parts(pod)) : this.#options.root;
  }

  /** Makes the pod's cgroup or brings its limits up to date. */
  async ensure(pod: Pod): Promise<void> {
    if (this.#options.perQos) await this.cgroups.create(this.pathOf(pod), this.#limits(pod));
  }

  async remove(pod: Pod): Promise<void> {
    if (this.#options.perQos) await this.cgroups.remove(this.pathOf(pod));
  }

  /** Removes cgroups of pods that are not in `known` (uids) and hold no process. Returns their names. */
  async removeOrphans(known: ReadonlySet<string>): Promise<string[]> {
    if (!this.#options.perQos) return [];
    const removed: string[] = [];
    for (const parts of [[], ['burstable'], ['besteffort']]) {
      const folder = this.#path(parts);
      for (const child of await this.cgroups.children(folder)) {
        const uid = /^pod(.+)$/.exec(child)?.[1];
        if (uid === undefined || known.has(uid)) continue;
        const name = `${folder}/${child}`;
        if ((await this.cgroups.pids(name)).length > 0) continue;
        await this.cgroups.remove(name);
        removed.push(name);
      }
    }
    return removed;
  }

  #parts(pod: Pod): string[] {
    const qos = qosClass(pod.spec).toLowerCase();
    const own = `pod${pod.metadata.uid}`;
    return qos === 'guaranteed' ? [own] : [qos, own];
  }

  #path(parts: readonly string[]): string {
    const { root } = this.#options;
    return `${root === '/' ? '' : root}/${['kubepods', ...parts].join('/')}`;
  }

  #limits(pod: Pod): CgroupLimits {
    const { cpuQuota, cpuQuotaPeriod, podPidsLimit } = this.#options;
    const requests = podAmounts(pod.spec, 'requests');
    const limits = podAmounts(pod.spec, 'limits');
    const result: CgroupLimits = { pids: podPidsLimit > 0 ? podPidsLimit : undefined };
    const qos = qosClass(pod.spec);
    result.cpuShares = qos === 'BestEffort' ? 2 : milliCpuToShares(milliCpu(requests));
    if (cpuQuota && allLimited(pod.spec, 'cpu')) {
      result.cpuQuota = milliCpuToQuota(milliCpu(limits), cpuQuotaPeriod);
      result.cpuPeriod = cpuQuotaPeriod;
    }
    if (allLimited(pod.spec, 'memory')) result.memory = amount(limits, 'memory');
    const pages = Object.keys(limits).filter((name) => name.startsWith('hugepages-'));
    if (pages.length > 0)
      result.hugepages = Object.fromEntries(pages.map((name) => [hugepageSize(name), amount(limits, name)]));
    return result;
  }
}
