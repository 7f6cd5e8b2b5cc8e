import { join } from 'node:path';
import { Quantity } from '@coracle/api/meta/quantity';
import type { Pod } from '@coracle/api/types/core/v1';
import type { KubeletConfiguration } from '../config/kubelet-configuration.ts';
import type { ImageCollector } from '../images/image-collector.ts';
import { logFolderOf } from '../logs/paths.ts';
import { measurePressure, type PressurePlaces, type Shortage } from '../node/pressure.ts';
import type { PodDependencies } from '../pods/dependencies.ts';
import { podText } from '../pods/names.ts';
import type { Pods } from '../pods/pods.ts';
import { diskUsage } from './disk-usage.ts';
import { rankForEviction } from './rank.ts';

export interface EvictorOptions {
  deps: PodDependencies;
  pods: Pods;
  thresholds: KubeletConfiguration['evictionHard'];
  places: PressurePlaces;
  images: ImageCollector;
}

const resources: Readonly<Record<Shortage['kind'], string | undefined>> = {
  memory: 'memory',
  disk: 'ephemeral-storage',
  pid: undefined,
};
const names = { memory: 'memory', disk: 'ephemeral-storage', pid: 'pids' } as const;

/** Keeps the node alive when something runs short, and pods within the disk space they may use: it ends pods, one at a time. */
export class Evictor {
  readonly #options: EvictorOptions;

  constructor(options: EvictorOptions) {
    this.#options = options;
  }

  /** Looks once; returns the pod that was evicted. */
  async look(): Promise<Pod | undefined> {
    return (await this.#overLimit()) ?? (await this.#underPressure());
  }

  async #overLimit(): Promise<Pod | undefined> {
    const { pods } = this.#options;
    for (const pod of pods.active()) {
      const message = await this.#limitProblem(pod);
      if (message) {
        this.#evict(pod, message);
        return pod;
      }
    }
    return undefined;
  }

  /** Compares a pod's emptyDirs with their limits, and its containers' logs with nothing: those are rotated. */
  async #limitProblem(pod: Pod): Promise<string | undefined> {
    const { volumes } = this.#options.deps;
    for (const { name, emptyDir } of pod.spec.volumes ?? []) {
      if (!emptyDir?.sizeLimit || emptyDir.medium === 'Memory') continue;
      const limit = Quantity.parse(emptyDir.sizeLimit);
      if (limit.isZero()) continue;
      const folder = join(volumes.podFolder(pod.metadata.uid ?? ''), 'volumes/kubernetes.io~empty-dir', name);
      if ((await diskUsage(folder)) > Number(limit.value())) {
        return `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `;
      }
    }
    return undefined;
  }

  async #underPressure(): Promise<Pod | undefined> {
    const { deps, pods, thresholds, places, images } = this.#options;
    const { shortages } = await measurePressure(thresholds, places);
    const [shortage] = shortages;
    if (!shortage) return undefined;
    deps.events.node(
      deps.node.name,
      'Warning',
      'EvictionThresholdMet',
      `Attempting to reclaim ${names[shortage.kind]}`,
    );
    if (shortage.kind === 'disk' && (await images.removeUnused()) > 0) return undefined;
    const use = await this.#usage(shortage, pods.active());
    const [first] = rankForEviction(
      pods.active(),
      (pod) => use.get(pod.metadata.uid ?? '') ?? 0,
      resources[shortage.kind],
    );
    if (!first) {
      deps.log.error({ shortage: shortage.signal }, 'Eviction manager: unable to evict any pods from the node');
      return undefined;
    }
    this.#evict(
      first,
      `The node was low on resource: ${names[shortage.kind]}. Threshold quantity: ${shortage.threshold}, available: ${inKibibytes(shortage)}. `,
    );
    return first;
  }

  async #usage({ kind }: Shortage, active: readonly Pod[]): Promise<Map<string, number>> {
    const { cgroups, volumes, settings } = this.#options.deps;
    const use = new Map<string, number>();
    for (const pod of active) {
      const uid = pod.metadata.uid ?? '';
      const path = cgroups.pathOf(pod);
      if (kind === 'memory') use.set(uid, (await cgroups.cgroups.usage(path))?.workingSetBytes ?? 0);
      else if (kind === 'pid') use.set(uid, (await cgroups.cgroups.pids(path)).length);
      else
        use.set(uid, (await diskUsage(volumes.podFolder(uid))) + (await diskUsage(logFolderOf(settings.podLogs, pod))));
    }
    return use;
  }

  #evict(pod: Pod, message: string): void {
    const { deps, pods } = this.#options;
    deps.log.warn({ pod: podText(pod) }, 'Eviction manager: pod is evicted');
    deps.events.pod(pod, 'Warning', 'Evicted', message);
    pods.evict(pod.metadata.uid ?? '', 0, 'Evicted', message);
  }
}

const inKibibytes = ({ kind, left }: Shortage): string =>
  kind === 'pid' ? String(left) : `${Math.floor(left / 1024)}Ki`;
