import { formatTime } from '@coracle/api/meta/time';
import type { Pod } from '@coracle/api/types/core/v1';
import type { CriClient } from '../cri/client.ts';
import type { ContainerStats, FilesystemUsage } from '../cri/generated/runtime.v1.ts';
import { containerNameLabel, podNameLabel, podNamespaceLabel, podUidLabel } from '../cri/labels.ts';
import { fileSystem, memoryFacts } from '../node/machine.ts';
import type { CgroupUsage } from '../resources/cgroups.ts';
import type { PodCgroups } from '../resources/pod-cgroups.ts';

export interface StatsSources {
  cri: CriClient;
  cgroups: PodCgroups;
  nodeName: string;
  rootDir: string;
  bootedAt: number;
  pods(): readonly Pod[];
}

/** Use of one container, as metrics and the summary tell it. */
export interface ContainerUse {
  pod: string;
  namespace: string;
  podUid: string;
  container: string;
  stats: ContainerStats;
}

/** What the runtime says of all running containers of pods. */
export async function containerUses({ cri }: StatsSources): Promise<ContainerUse[]> {
  const { stats } = await cri.runtime.listContainerStats({});
  return stats
    .filter((each) => each.attributes?.labels[podUidLabel] !== undefined)
    .map((each) => {
      const labels = each.attributes!.labels;
      return {
        pod: labels[podNameLabel] ?? '',
        namespace: labels[podNamespaceLabel] ?? '',
        podUid: labels[podUidLabel]!,
        container: labels[containerNameLabel] ?? '',
        stats: each,
      };
    });
}

/** Turns growing CPU times into rates, from one reading to the next. */
export class CpuRates {
  readonly #last = new Map<string, { at: number; nanoseconds: number; rate: number }>();

  /** Nanoseconds of CPU time per second, since the last reading at least a second ago; undefined at first. */
  rate(key: string, nanoseconds: number, now = Date.now()): number | undefined {
    const last = this.#last.get(key);
    if (last && now - last.at < 1000) return last.rate;
    const rate = last ? Math.max(0, Math.round(((nanoseconds - last.nanoseconds) * 1000) / (now - last.at))) : 0;
    this.#last.set(key, { at: now, nanoseconds, rate });
    return last ? rate : undefined;
  }
}

/** The answer to /stats/summary, in upstream's form (stats/v1alpha1). */
export async function statsSummary(sources: StatsSources, rates: CpuRates): Promise<unknown> {
  const now = formatTime(Date.now());
  const { cgroups, nodeName, rootDir, bootedAt, cri } = sources;
  const [node, uses, disk, memory, images] = await Promise.all([
    cgroups.cgroups.usage('/'),
    containerUses(sources),
    fileSystem(rootDir),
    memoryFacts(),
    cri.images.imageFsInfo({}),
  ]);
  const fs = {
    time: now,
    availableBytes: disk.available,
    capacityBytes: disk.capacity,
    usedBytes: disk.capacity - disk.available,
    inodesFree: disk.inodesFree,
    inodes: disk.inodes,
    inodesUsed: disk.inodes - disk.inodesFree,
  };
  const imageUse = images.imageFilesystems[0];
  return {
    node: {
      nodeName,
      startTime: formatTime(bootedAt),
      ...(node && {
        cpu: cpu(node, 'node', rates, now),
        memory: { ...memoryOf(node, now), availableBytes: memory.available },
      }),
      fs,
      runtime: { imageFs: { ...fs, ...used(imageUse) } },
    },
    pods: await Promise.all(sources.pods().map((pod) => podSummary(pod, sources, uses, rates, now))),
  };
}

async function podSummary(
  pod: Pod,
  { cgroups }: StatsSources,
  uses: ContainerUse[],
  rates: CpuRates,
  now: string,
): Promise<unknown> {
  const uid = pod.metadata.uid ?? '';
  const usage = await cgroups.cgroups.usage(cgroups.pathOf(pod));
  return {
    podRef: { name: pod.metadata.name, namespace: pod.metadata.namespace, uid },
    startTime: pod.status?.startTime ?? pod.metadata.creationTimestamp,
    containers: uses
      .filter((each) => each.podUid === uid)
      .map(({ container, stats }) => ({
        name: container,
        startTime:
          pod.status?.containerStatuses?.find((each) => each.name === container)?.state?.running?.startedAt ?? now,
        cpu: {
          time: now,
          usageCoreNanoSeconds: number(stats.cpu?.usageCoreNanoSeconds?.value),
          usageNanoCores:
            number(stats.cpu?.usageNanoCores?.value) ??
            rates.rate(stats.attributes?.id ?? '', number(stats.cpu?.usageCoreNanoSeconds?.value) ?? 0),
        },
        memory: { time: now, workingSetBytes: number(stats.memory?.workingSetBytes?.value) },
        rootfs: { time: now, ...used(stats.writableLayer) },
      })),
    ...(usage && { cpu: cpu(usage, uid, rates, now), memory: memoryOf(usage, now) }),
  };
}

function cpu(usage: CgroupUsage, key: string, rates: CpuRates, time: string) {
  return { time, usageNanoCores: rates.rate(key, usage.cpuNanoseconds), usageCoreNanoSeconds: usage.cpuNanoseconds };
}

function memoryOf(usage: CgroupUsage, time: string) {
  return {
    time,
    usageBytes: usage.memoryBytes,
    workingSetBytes: usage.workingSetBytes,
    rssBytes: usage.rssBytes,
    pageFaults: usage.pageFaults,
    majorPageFaults: usage.majorPageFaults,
  };
}

const number = (value: bigint | undefined): number | undefined => (value === undefined ? undefined : Number(value));

function used(usage: FilesystemUsage | undefined) {
  return { usedBytes: number(usage?.usedBytes?.value), inodesUsed: number(usage?.inodesUsed?.value) };
}
