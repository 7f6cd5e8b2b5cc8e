import { deepEqual } from '@coracle/api/meta/object';
import type { Node, Pod } from '@coracle/api/types/core/v1';
import { podRequests } from './pod-requests.ts';
import type { Resources } from './resources.ts';

/** What kind of object changed. A pod counts as assigned once it has a node. */
export type EventResource = 'AssignedPod' | 'UnscheduledPod' | 'Node' | 'Namespace';

/** How it changed. One update may be several of these. */
export type EventAction =
  | 'Add'
  | 'Delete'
  | 'UpdateNodeAllocatable'
  | 'UpdateNodeLabel'
  | 'UpdateNodeTaint'
  | 'UpdateNodeCondition'
  | 'UpdateNodeAnnotation'
  | 'UpdatePodLabel'
  | 'UpdatePodScaleDown'
  | 'UpdatePodToleration'
  | 'UpdatePodSchedulingGatesEliminated'
  | 'Update';

/** Something that happened in the cluster and may let a waiting pod be scheduled. */
export interface ClusterEvent {
  readonly resource: EventResource;
  readonly action: EventAction;
}

/** Whether the event could let `pod` (refused by the plugin before) be scheduled. Objects are absent where there is none. */
export type QueueingHint = (pod: Pod, before: unknown, after: unknown) => boolean;

/** An event a plugin wants its refused pods retried for; without a hint, always. */
export interface EventInterest {
  readonly resource: EventResource;
  readonly actions: readonly EventAction[];
  readonly hint?: QueueingHint;
}

/** The event's name in metrics: `NodeAdd`, `AssignedPodDelete`. */
export function eventLabel(event: ClusterEvent): string {
  return `${event.resource === 'UnscheduledPod' ? 'Pod' : event.resource}${event.action}`;
}

/** The events an update of a node amounts to; empty for a heartbeat. */
export function nodeUpdateEvents(before: Node, after: Node): ClusterEvent[] {
  const events: ClusterEvent[] = [];
  const add = (action: EventAction) => events.push({ resource: 'Node', action });
  const taintsChanged =
    !deepEqual(before.spec?.taints ?? [], after.spec?.taints ?? []) ||
    (before.spec?.unschedulable ?? false) !== (after.spec?.unschedulable ?? false);
  if (!deepEqual(before.status?.allocatable ?? {}, after.status?.allocatable ?? {})) add('UpdateNodeAllocatable');
  if (!deepEqual(before.metadata.labels ?? {}, after.metadata.labels ?? {})) add('UpdateNodeLabel');
  if (taintsChanged) add('UpdateNodeTaint');
  if (!deepEqual(conditionStates(before), conditionStates(after))) add('UpdateNodeCondition');
  if (!deepEqual(before.metadata.annotations ?? {}, after.metadata.annotations ?? {})) add('UpdateNodeAnnotation');
  return events;
}

function conditionStates(node: Node): Record<string, string> {
  return Object.fromEntries((node.status?.conditions ?? []).map((each) => [each.type, each.status]));
}

/** The events an update of a pod amounts to, as seen by plugins; empty when nothing they look at changed. */
export function podUpdateEvents(before: Pod, after: Pod): ClusterEvent[] {
  const events: ClusterEvent[] = [];
  const resource: EventResource = after.spec.nodeName ? 'AssignedPod' : 'UnscheduledPod';
  const add = (action: EventAction) => events.push({ resource, action });
  if (!deepEqual(before.metadata.labels ?? {}, after.metadata.labels ?? {})) add('UpdatePodLabel');
  if (scaledDown(podRequests(before).requests, podRequests(after).requests)) add('UpdatePodScaleDown');
  if ((before.spec.schedulingGates?.length ?? 0) > 0 && (after.spec.schedulingGates?.length ?? 0) === 0) {
    add('UpdatePodSchedulingGatesEliminated');
  }
  if (!deepEqual(before.spec.tolerations ?? [], after.spec.tolerations ?? [])) add('UpdatePodToleration');
  return events;
}

function scaledDown(before: Resources, after: Resources): boolean {
  return (
    after.milliCpu < before.milliCpu ||
    after.memory < before.memory ||
    after.ephemeralStorage < before.ephemeralStorage ||
    [...before.scalars].some(([name, amount]) => (after.scalars.get(name) ?? 0) < amount)
  );
}
