import type { Pod } from '@coracle/api/types/core/v1';
import type { ClusterCache } from './cache/cluster-cache.ts';
import type { ClusterEvent, EventAction } from './framework/events.ts';
import { nodeUpdateEvents, podUpdateEvents } from './framework/events.ts';
import { podInfo } from './framework/pod-info.ts';
import type { Watched } from './listers.ts';
import type { SchedulingQueue } from './queue/scheduling-queue.ts';

export interface EventHandlerOptions {
  cache: ClusterCache;
  queue: SchedulingQueue;
  /** Whether a profile of this scheduler is responsible for the pod. */
  responsible(pod: Pod): boolean;
  /** Turns a pod away that waits on Permit; called for pods that are deleted. */
  turnAway(uid: string): void;
}

/** Feeds what the API server tells into the cache and the queue. */
export function handleEvents({ pods, nodes, namespaces }: Watched, options: EventHandlerOptions): void {
  const { cache, queue, responsible } = options;
  const move = (event: ClusterEvent, before: unknown, after: unknown) => queue.moveOn(event, before, after);
  const assigned = (action: EventAction): ClusterEvent => ({ resource: 'AssignedPod', action });

  nodes.on({
    added(node) {
      cache.setNode(node);
      move({ resource: 'Node', action: 'Add' }, undefined, node);
    },
    updated(before, node) {
      const events = nodeUpdateEvents(before, node);
      if (events.length > 0 || imageNames(before) !== imageNames(node)) cache.setNode(node);
      for (const event of events) move(event, before, node);
    },
    deleted(node) {
      cache.removeNode(node.metadata.name!);
      move({ resource: 'Node', action: 'Delete' }, node, undefined);
    },
  });

  namespaces.on({
    added: (namespace) => move({ resource: 'Namespace', action: 'Add' }, undefined, namespace),
    updated: (before, namespace) => move({ resource: 'Namespace', action: 'Update' }, before, namespace),
  });

  pods.on({
    added: (pod) => (isAssigned(pod) ? addAssigned(pod) : addWaiting(pod)),
    updated(before, pod) {
      if (before.metadata.uid !== pod.metadata.uid) {
        removed(before);
        if (isAssigned(pod)) addAssigned(pod);
        else addWaiting(pod);
      } else if (isAssigned(before)) {
        updateAssigned(before, pod);
      } else if (isAssigned(pod)) {
        if (responsible(before)) queue.delete(before);
        addAssigned(pod);
      } else if (responsible(pod)) {
        // Our own decision may be on its way to the API server: the pod is not waiting any more.
        if (!cache.isAssumed(pod.metadata.uid ?? '')) queue.update(before, pod);
      }
    },
    deleted: removed,
  });

  function addAssigned(pod: Pod): void {
    cache.setPod(podInfo(pod));
    move(assigned('Add'), undefined, pod);
  }

  function addWaiting(pod: Pod): void {
    if (responsible(pod)) queue.add(pod);
  }

  function updateAssigned(before: Pod, pod: Pod): void {
    cache.setPod(podInfo(pod));
    for (const event of podUpdateEvents(before, pod)) move(event, before, pod);
  }

  function removed(pod: Pod): void {
    if (isAssigned(pod)) {
      cache.removePod(pod.metadata.uid ?? '');
      move(assigned('Delete'), pod, undefined);
      return;
    }
    if (!responsible(pod)) return;
    const uid = pod.metadata.uid ?? '';
    queue.delete(pod);
    options.turnAway(uid);
    // Assumed, perhaps even bound, and gone before a watch told of its node.
    if (!cache.isAssumed(uid)) return;
    cache.removePod(uid);
    move(assigned('Delete'), pod, undefined);
  }
}

function isAssigned(pod: Pod): boolean {
  return Boolean(pod.spec.nodeName);
}

/** What else of a node the plugins look at; heartbeats alone must not make snapshots copy every node. */
function imageNames({ status }: { status?: { images?: { names?: string[] }[] } }): string {
  return (status?.images ?? []).map((each) => each.names?.[0] ?? '').join();
}
