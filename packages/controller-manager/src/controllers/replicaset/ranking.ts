import { parseTime } from '@coracle/api/meta/time';
import type { ContainerStatus, Pod } from '@coracle/api/types/core/v1';
import { isReady, readyTime } from '../../pods.ts';

const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';

/**
 * The `count` pods whose loss costs least. First go pods without a node, then pending before unknown before running, not ready before
 * ready, lower pod-deletion-cost, pods on nodes with more pods of the same work (`related`), pods ready for a shorter time, pods
 * with more restarts, younger pods. Times are compared by their order of magnitude, so that no zone's youngest pods always lose.
 */
export function cheapestToLose(pods: readonly Pod[], related: readonly Pod[], count: number, now: number): Pod[] {
  if (count >= pods.length) return [...pods];
  const perNode = new Map<string, number>();
  for (const pod of related) {
    const node = pod.spec?.nodeName ?? '';
    perNode.set(node, (perNode.get(node) ?? 0) + 1);
  }
  const rank = (pod: Pod): number => perNode.get(pod.spec?.nodeName ?? '') ?? 0;
  return [...pods].sort((a, b) => compare(a, b, rank, now)).slice(0, count);
}

const phaseOrder: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };
const yesLast = (a: boolean, b: boolean): number => Number(a) - Number(b);

/** Negative when `a` should go first. */
function compare(a: Pod, b: Pod, rank: (pod: Pod) => number, now: number): number {
  return (
    yesLast(Boolean(a.spec?.nodeName), Boolean(b.spec?.nodeName)) ||
    (phaseOrder[a.status?.phase ?? ''] ?? 0) - (phaseOrder[b.status?.phase ?? ''] ?? 0) ||
    yesLast(isReady(a), isReady(b)) ||
    costOf(a) - costOf(b) ||
    rank(b) - rank(a) ||
    (isReady(a) && isReady(b) ? compareAge(readyTime(a), readyTime(b), a, b, now) : 0) ||
    compareRestarts(a, b) ||
    compareAge(created(a), created(b), a, b, now)
  );
}

/** The pod's deletion cost; what is no integer counts as none. */
export function costOf(pod: Pod): number {
  const text = pod.metadata.annotations?.[deletionCost];
  return text !== undefined && /^(0|[+-]?[1-9][0-9]*)$/.test(text) && Math.abs(Number(text)) < 2 ** 31
    ? Number(text)
    : 0;
}

const created = (pod: Pod): number | undefined =>
  pod.metadata.creationTimestamp ? parseTime(pod.metadata.creationTimestamp) : undefined;

/** The later time goes first, times of one order of magnitude by uid; no time at all goes before any. */
function compareAge(a: number | undefined, b: number | undefined, podA: Pod, podB: Pod, now: number): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  const difference = magnitude(now - a) - magnitude(now - b);
  if (difference !== 0) return difference;
  return podA.metadata.uid! < podB.metadata.uid! ? -1 : 1;
}

const magnitude = (ms: number): number => (ms > 0 ? Math.floor(Math.log2(ms * 1e6)) : -1);

function compareRestarts(a: Pod, b: Pod): number {
  return most(b, 'regular') - most(a, 'regular') || most(b, 'sidecar') - most(a, 'sidecar');
}

function most(pod: Pod, which: 'regular' | 'sidecar'): number {
  const sidecars = new Set(
    pod.spec?.initContainers?.filter((each) => each.restartPolicy === 'Always').map((each) => each.name),
  );
  const statuses: ContainerStatus[] =
    which === 'regular'
      ? (pod.status?.containerStatuses ?? [])
      : (pod.status?.initContainerStatuses ?? []).filter((each) => sidecars.has(each.name));
  return Math.max(0, ...statuses.map((each) => each.restartCount));
}
