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
import { taintsOf } from './taints.ts';
import { EvictionLimiter, evictionRates, zoneOf } from './zones.ts';

const leaseNamespace = 'kube-node-lease';
const nodeIndex = 'spec.nodeName';

/** What the controller remembers of nodes between looks. */
interface Memory {
  sightings: Map<string, Sighting>;
  limiter: EvictionLimiter;
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
  workers: () => 1,
  watches: [
    own(node),
    observed(lease),
    mapped(pod, () => [], { index: [nodeIndex, (it) => (it.spec.nodeName ? [it.spec.nodeName] : [])] }),
  ],

  /** Looks at every node each --node-monitor-period, since silence makes no event. */
  async run({ listers, enqueue, settings, signal }) {
    while (!signal.aborted) {
      for (const it of listers.list(node)) enqueue(it.metadata.name!);
      await delay(settings.nodeMonitorPeriod, signal);
    }
  },

  async reconcile(name, scope) {
    const memory = memoryOf(scope);
    const it = scope.listers.get(node, name);
    if (!it) {
      memory.sightings.delete(name);
      return;
    }
    const checked = await checkHealth(it, memory, scope);
    const evict = unhealthyTaint(checked) !== undefined && mayEvict(checked, memory, scope);
    const taints = taintsOf(checked, evict, formatTime(Date.now()));
    if (taints) {
      const { resourceVersion } = checked.metadata;
      // The whole list is replaced, so it must be the list that was looked at.
      await scope.client.patch(node, name, undefined, {
        type: 'merge',
        body: { metadata: { resourceVersion }, spec: { taints } },
      });
    }
    if (unhealthyTaint(checked)) await markPodsNotReady(name, scope);
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

function mayEvict(it: Node, { limiter }: Memory, { listers, settings }: Scope): boolean {
  if (it.spec.taints?.some((each) => each.effect === 'NoExecute' && each.key === unhealthyTaint(it))) return true;
  const zone = zoneOf(it);
  return limiter.admit(zone, evictionRates(listers.list(node), settings).get(zone) ?? 0, Date.now());
}

/** Pods of a node that may be gone take no more traffic: their Ready condition turns False. */
async function markPodsNotReady(name: string, { client, listers, record }: Scope): Promise<void> {
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
      // It went, or changed: the next look sees it as it is.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}

function memoryOf(scope: Scope): Memory {
  const known = memories.get(scope);
  if (known) return known;
  const memory = { sightings: new Map(), limiter: new EvictionLimiter() };
  memories.set(scope, memory);
  return memory;
}
