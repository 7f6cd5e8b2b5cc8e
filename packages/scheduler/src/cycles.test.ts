import { describe, expect, it } from '@jest/globals';
import { ClusterCache } from './cache/cluster-cache.ts';
import { Snapshot } from './cache/snapshot.ts';
import { FakeClock } from './clock.ts';
import { defaultProfile } from './config/configuration.ts';
import type { Plugin } from './framework/plugin.ts';
import { Status } from './framework/status.ts';
import { WaitingPods } from './framework/waiting-pods.ts';
import { registry } from './plugins/registry.ts';
import { makeProfiles, rulesOf } from './profiles.ts';
import type { QueueingRules } from './queue/queueing-rules.ts';
import { SchedulingQueue } from './queue/scheduling-queue.ts';
import { NodeFinder } from './schedule-pod.ts';
import { Scheduler } from './scheduler.ts';
import type { PodOptions } from './testing/objects.ts';
import { makeNode, makePod } from './testing/objects.ts';
import { testHandle } from './testing/plugins.ts';

/** A scheduler over a real queue and cache, whose API calls are recorded; `bind` may fail, and there may be one plugin more. */
function testScheduler(bind: () => Promise<void> = async () => {}, extra?: Plugin) {
  const clock = new FakeClock();
  const cache = new ClusterCache();
  const snapshot = new Snapshot();
  const waitingPods = new WaitingPods();
  let rules: QueueingRules | undefined;
  const queue = new SchedulingQueue({
    rules: {
      less: (a, b) => rules!.less(a, b),
      gate: (pod) => rules!.gate(pod),
      anyCares: (event) => rules!.anyCares(event),
      worthRetrying: (pod, seen) => rules!.worthRetrying(pod, seen),
    },
    clock,
    initialBackoff: 1_000,
    maxBackoff: 10_000,
    maxInUnschedulable: 300_000,
  });
  const known = new Map<string, ReturnType<typeof makePod>>();
  const handle = testHandle([], { snapshot, clock, waitingPods, nominator: queue.nominator });
  handle.listers.pod = (_, name) => known.get(name);
  const { recorded } = handle;
  handle.pods.bind = async (pod, node) => {
    await bind();
    recorded.bound.push({ pod: pod.metadata.name!, node });
  };
  const attempts: string[] = [];
  const quiet = () => {};
  const metrics = {
    attempt: (result: string) => void attempts.push(result),
    algorithm: quiet,
    bound: quiet,
    queued: quiet,
    permitWait: quiet,
    show: quiet,
    point: quiet,
    attempted: quiet,
    victims: quiet,
  };
  const plugins = extra ? { multiPoint: { enabled: [{ name: extra.name }] } } : {};
  const available = extra ? { ...registry, [extra.name]: () => extra } : registry;
  const profiles = makeProfiles([{ ...defaultProfile(), plugins }], handle, metrics, available);
  rules = rulesOf(profiles, (_, error) => {
    throw error;
  });
  const scheduler = new Scheduler({
    profiles,
    queue,
    cache,
    snapshot,
    finder: new NodeFinder(snapshot, 0, () => 0),
    waitingPods,
    listers: handle.listers,
    pods: handle.pods,
    event: handle.event,
    clock,
    metrics,
    log: { error: quiet, info: quiet },
  });
  return {
    clock,
    cache,
    queue,
    scheduler,
    waitingPods,
    recorded,
    attempts,
    add(name: string, options: PodOptions = {}) {
      const pod = makePod({ name, uid: name, ...options });
      known.set(name, pod);
      queue.add(pod);
      return pod;
    },
    forget: (name: string) => known.delete(name),
    async next() {
      const attempt = queue.pop();
      if (attempt) await scheduler.scheduleOne(attempt);
    },
  };
}

describe('scheduling one pod', () => {
  it('assumes it before it is bound', async () => {
    let bound = () => {};
    const test = testScheduler(() => new Promise((resolve) => (bound = resolve)));
    test.cache.setNode(makeNode('n', { allocatable: { cpu: '1' } }));
    test.add('first', { requests: { cpu: '1' } });
    test.add('second', { requests: { cpu: '1' } });
    await test.next();
    expect(test.cache.isAssumed('first')).toBe(true);
    await test.next();
    expect(test.queue.placeOf('second')).toBe('unschedulable');
    bound();
    await test.scheduler.idle();
    expect(test.recorded.bound).toEqual([{ pod: 'first', node: 'n' }]);
    expect(test.queue.placeOf('first')).toBeUndefined();
    expect(test.attempts).toEqual(['unschedulable', 'scheduled']);
  });

  it('frees the place and tries again when binding fails', async () => {
    let failing = true;
    const test = testScheduler(async () => {
      if (failing) throw new Error('the server is away');
    });
    test.cache.setNode(makeNode('n', { allocatable: { cpu: '1' } }));
    test.add('first', { requests: { cpu: '1' } });
    await test.next();
    test.add('second', { requests: { cpu: '1' } });
    await test.scheduler.idle();
    expect(test.cache.has('first')).toBe(false);
    expect(test.queue.placeOf('first')).toBe('backoff');
    expect(test.recorded.patched).toContainEqual({
      pod: 'first',
      status: { conditions: [expect.objectContaining({ reason: 'SchedulerError' })] },
    });
    failing = false;
    test.clock.advance(1_000);
    await test.next();
    await test.scheduler.idle();
    expect(test.recorded.bound).toHaveLength(1);
  });

  it('leaves alone what is being deleted, and does not put back what is gone', async () => {
    const test = testScheduler();
    test.add('leaving', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
    await test.next();
    expect(test.recorded.events).toEqual([
      { about: 'leaving', reason: 'FailedScheduling', message: 'skip schedule deleting pod: default/leaving' },
    ]);
    test.cache.setNode(makeNode('n', { unschedulable: true }));
    test.add('gone');
    test.forget('gone');
    await test.next();
    expect(test.queue.placeOf('gone')).toBeUndefined();
  });

  it('tells the same reason once in the status', async () => {
    const test = testScheduler();
    test.cache.setNode(makeNode('n', { unschedulable: true }));
    const message =
      '0/1 nodes are available: 1 node(s) were unschedulable. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.';
    const told = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }] as never;
    test.add('p', { status: { conditions: told } });
    await test.next();
    await test.scheduler.idle();
    expect(test.recorded.events[0]!.message).toBe(message);
    expect(test.recorded.patched).toEqual([]);
  });

  it('holds a pod that a Permit plugin asks to wait, and binds it once it is allowed', async () => {
    const test = testScheduler(undefined, gang);
    test.cache.setNode(makeNode('n'));
    test.add('p');
    await test.next();
    expect(test.recorded.bound).toEqual([]);
    test.waitingPods.get('p')!.allow('Gang');
    await test.scheduler.idle();
    expect(test.recorded.bound).toEqual([{ pod: 'p', node: 'n' }]);
  });

  it('gives the place up when the wait ends in a refusal', async () => {
    const test = testScheduler(undefined, gang);
    test.cache.setNode(makeNode('n'));
    test.add('p');
    await test.next();
    test.clock.advance(5_000);
    await test.scheduler.idle();
    expect(test.cache.has('p')).toBe(false);
    expect(test.queue.placeOf('p')).toBe('unschedulable');
    expect(test.recorded.events.at(-1)!.message).toBe('rejected due to timeout after waiting 5s at plugin Gang');
  });
});

/** Makes every pod wait five seconds. */
const gang: Plugin = {
  name: 'Gang',
  permit: () => ({ status: new Status('Wait', [], 'Gang'), timeout: 5_000 }),
};
