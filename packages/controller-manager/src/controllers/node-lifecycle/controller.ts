import { lease } from '@coracle/api/coordination/v1/lease';
import { node } from '@coracle/api/core/v1/node';
import { pod } from '@coracle/api/core/v1/pod';
import { findCondition } from '@coracle/api/meta/conditions';
import { clone } from '@coracle/api/meta/object';
import { isConflict, isNotFound } from '@coracle/api/meta/status';
import { formatTime } from '@coracle/api/meta/time';
import type { Node } from '@coracle/api/types/core/v1';
import { delay } from '@coracle/client/rate-limit';
import { defineController, mapped, observed, own, type Scope } from '../../controller.ts';
import { isReady } from '../../pods.ts';
import { createdAt, graceOf, look, type Sighting, silentConditions, unhealthyTaint } from './health.ts';
import { type Eviction, isEvicting, taintsOf } from './taints.ts';
import { EvictionLimiter, zoneOf } from './zones.ts';

const leaseNamespace = 'kube-node-lease';
const nodeIndex = 'spec.nodeName';

/** What the controller remembers of nodes between looks. */
interface Memory {
  sightings: Map<string, Sighting>;
  limiter: EvictionLimiter;
  /** Counts the looks at all nodes. */
  round: number;
  /** The round in which each unhealthy node was first seen so. */
  unhealthy: Map<string, number>;
  /** Silent nodes whose pods were marked not ready: once, since a kubelet that is there after all knows better. */
  marked: Set<string>;
}
const memories = new WeakMap<Scope, Memory>();

/**
 * Watches nodes' leases and heartbeats: nodes that fall silent get Unknown conditions, their pods are marked not ready, and taints
 * keep new pods off them and, rationed by zone, have their pods evicted (by the taint-eviction-controller).
 */
export const nodeLifecycleController = defineController({
  name: 'node-lifecycle-controller',
  aliases: ['nodelifecycle'],
  serviceAccount: 'node-controller',
  component: 'node-controller',
  workers: () => 8,
  watches: [
    own(node),
    observed(lease),
    mapped(pod, () => [], { index: [nodeIndex, (it) => (it.spec.nodeName ? [it.spec.nodeName] : [])] }),
  ],

  /** Looks at every node each --node-monitor-period, since silence makes no event. */
  async run(scope) {
    const { listers, enqueue, settings, signal } = scope;
    const memory = memoryOf(scope);
    while (!signal.aborted) {
      const nodes = listers.list(node);
      memory.round++;
      // Who could hear nobody may not hold against the nodes what it missed.
      if (memory.limiter.look(nodes)) {
        for (const [name, sighting] of memory.sightings) memory.sightings.set(name, { ...sighting, at: Date.now() });
      }
      for (const it of nodes) enqueue(it.metadata.name!);
      await delay(settings.nodeMonitorPeriod, signal);
    }
  },

  async reconcile(name, scope) {
    const memory = memoryOf(scope);
    const it = scope.listers.get(node, name);
    if (!it) {
      memory.sightings.delete(name);
      memory.unhealthy.delete(name);
      memory.marked.delete(name);
      return;
    }
    const checked = await checkHealth(it, memory, scope);
    if (!isSilent(checked)) memory.marked.delete(name);
    else if (!memory.marked.has(name) && (await markPodsNotReady(name, scope))) memory.marked.add(name);
    const taints = taintsOf(checked, evictionOf(checked, memory, scope), formatTime(Date.now()));
    if (taints) {
      const { resourceVersion } = checked.metadata;
      // The whole list is replaced, so it must be the list that was looked at.
      await scope.client.patch(node, name, undefined, {
        type: 'merge',
        body: { metadata: { resourceVersion }, spec: { taints } },
      });
    }
  },
});

/** Takes note of a sign of life; without one for too long, marks the node Unknown. Returns the node as it then is. */
async function checkHealth(it: Node, memory: Memory, { client, listers, settings, record }: Scope): Promise<Node> {
  const name = it.metadata.name!;
  const at = Date.now();
  const before = memory.sightings.get(name);
  const sighting = look(it, listers.get(lease, `${leaseNamespace}/${name}`), before, before ? at : firstSight(it, at));
  memory.sightings.set(name, sighting);
  const periods = { grace: settings.nodeMonitorGracePeriod, startup: settings.nodeStartupGracePeriod };
  if (at - sighting.at <= graceOf(it, periods)) return it;
  const conditions = silentConditions(it, at);
  if (!conditions) return it;
  const silent = clone(it);
  silent.status = { ...silent.status, conditions };
  const updated = await client.updateStatus(node, silent);
  if (findCondition(it.status?.conditions, 'Ready')?.status === 'True') {
    record(it, node, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
  }
  // What we wrote ourselves is no sign of life.
  memory.sightings.set(name, {
    ...look(updated, listers.get(lease, `${leaseNamespace}/${name}`), sighting, sighting.at),
    at: sighting.at,
  });
  return updated;
}

/** A node that never reported counts from its creation; one that did, from now: this process may be the one that was away. */
function firstSight(it: Node, at: number): number {
  return findCondition(it.status?.conditions, 'Ready') ? at : createdAt(it);
}

/**
 * Whether the node's pods may be evicted now. Not in the round that finds it unhealthy: what the same round finds of the other nodes
 * decides how fast evictions go, and whether they do.
 */
function evictionOf(it: Node, { limiter, round, unhealthy }: Memory, { enqueue }: Scope): Eviction {
  const name = it.metadata.name!;
  if (!unhealthyTaint(it)) unhealthy.delete(name);
  else if (!unhealthy.has(name)) unhealthy.set(name, round);
  if (limiter.stopped) return 'stop';
  if (isEvicting(it) || !((unhealthy.get(name) ?? round) < round)) return 'wait';
  const wait = limiter.admit(zoneOf(it), Date.now());
  if (wait === 0) return 'start';
  if (wait < Number.POSITIVE_INFINITY) enqueue(name, wait);
  return 'wait';
}

/** Whether nobody knows what goes on on the node; one that says itself that it is not ready looks after its pods. */
const isSilent = (it: Node): boolean => findCondition(it.status?.conditions, 'Ready')?.status === 'Unknown';

/** Pods of a node that may be gone take no more traffic: their Ready condition turns False. Returns whether none is left to do. */
async function markPodsNotReady(name: string, { client, listers, record }: Scope): Promise<boolean> {
  let done = true;
  for (const it of listers.byIndex(pod, nodeIndex, name)) {
    if (!isReady(it)) continue;
    const marked = clone(it);
    for (const condition of marked.status?.conditions ?? []) {
      if (condition.type !== 'Ready') continue;
      condition.status = 'False';
      condition.lastTransitionTime = formatTime(Date.now());
    }
    try {
      await client.updateStatus(pod, marked);
      record(it, pod, 'Warning', 'NodeNotReady', 'Node is not ready');
    } catch (error) {
      // One that is gone needs no mark; one that changed is seen as it is at the next look.
      if (isConflict(error)) done = false;
      else if (!isNotFound(error)) throw error;
    }
  }
  return done;
}

function memoryOf(scope: Scope): Memory {
  const known = memories.get(scope);
  if (known) return known;
  const memory: Memory = {
    sightings: new Map(),
    limiter: new EvictionLimiter(scope.settings),
    round: 0,
    unhealthy: new Map(),
    marked: new Set(),
  };
  memories.set(scope, memory);
  return memory;
}
