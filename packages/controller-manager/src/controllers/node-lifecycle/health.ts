import { findCondition } from '@coracle/api/meta/conditions';
import { formatTime, parseTime } from '@coracle/api/meta/time';
import type { Lease } from '@coracle/api/types/coordination/v1';
import type { Node, NodeCondition } from '@coracle/api/types/core/v1';

/** What was last seen of a node, and when by this process's own clock (ms): the clocks of nodes are not trusted. */
export interface Sighting {
  /** Of the lease's renewal and the Ready condition's heartbeat, as text, to be compared only. */
  renewTime: string | undefined;
  heartbeat: string | undefined;
  /** When either of them last changed. */
  at: number;
}

/** Takes note of a node: the sighting is renewed when the lease or the Ready condition has moved since. */
export function look(node: Node, lease: Lease | undefined, before: Sighting | undefined, now: number): Sighting {
  const renewTime = lease?.spec?.renewTime;
  const heartbeat = findCondition(node.status?.conditions, 'Ready')?.lastHeartbeatTime;
  if (before && before.renewTime === renewTime && before.heartbeat === heartbeat) return before;
  return { renewTime, heartbeat, at: now };
}

/** Conditions that turn Unknown when a node is silent. */
const watched = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;

/** The conditions of a node that has been silent for too long: all Unknown. Undefined where they say so already. */
export function silentConditions(node: Node, now: number): NodeCondition[] | undefined {
  const time = formatTime(now);
  const conditions = node.status?.conditions ?? [];
  let changed = false;
  const silent = watched.map((type): NodeCondition => {
    const old = findCondition(conditions, type);
    if (!old) {
      changed = true;
      return {
        type,
        status: 'Unknown',
        reason: 'NodeStatusNeverUpdated',
        message: 'Kubelet never posted node status.',
        lastHeartbeatTime: node.metadata.creationTimestamp,
        lastTransitionTime: time,
      };
    }
    if (old.status === 'Unknown') return old;
    changed = true;
    return {
      ...old,
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
      lastTransitionTime: time,
    };
  });
  if (!changed) return undefined;
  const others = conditions.filter((each) => !(watched as readonly string[]).includes(each.type));
  return [...others, ...silent];
}

/** How long a node may be silent: longer when it has never said anything. Milliseconds. */
export function graceOf(node: Node, periods: { grace: number; startup: number }): number {
  return findCondition(node.status?.conditions, 'Ready') ? periods.grace : periods.startup;
}

/** Whether the node is out of reach or not ready, as NoExecute taints tell it. */
export function unhealthyTaint(
  node: Node,
): 'node.kubernetes.io/not-ready' | 'node.kubernetes.io/unreachable' | undefined {
  switch (findCondition(node.status?.conditions, 'Ready')?.status) {
    case 'False':
      return 'node.kubernetes.io/not-ready';
    case 'Unknown':
      return 'node.kubernetes.io/unreachable';
    default:
      return undefined;
  }
}

/** When a node was first heard of here: its creation, where this process has run for less. */
export const createdAt = (node: Node): number => parseTime(node.metadata.creationTimestamp!);
