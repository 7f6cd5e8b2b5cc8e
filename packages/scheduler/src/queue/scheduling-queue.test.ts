import type { Pod } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../clock.ts';
import type { EventInterest } from '../framework/events.ts';
import { prioritySort } from '../plugins/priority-sort.ts';
import { schedulingGates } from '../plugins/scheduling-gates.ts';
import type { PodOptions } from '../testing/objects.ts';
import { makePod } from '../testing/objects.ts';
import type { QueuedPod } from './queued-pod.ts';
import { queueingRules } from './queueing-rules.ts';
import { SchedulingQueue } from './scheduling-queue.ts';

const nodeAdd = { resource: 'Node', action: 'Add' } as const;
const podDelete = { resource: 'AssignedPod', action: 'Delete' } as const;

/** A queue whose plugin `Fit` retries for new nodes of the pod's choice, and `Wait` for deleted pods. */
function testQueue() {
  const clock = new FakeClock();
  const hintErrors: unknown[] = [];
  const interests = new Map<string, EventInterest[]>([
    ['Fit', [{ resource: 'Node', actions: ['Add'], hint: (_pod, _before, node) => node !== 'useless' }]],
    ['Wait', [{ resource: 'AssignedPod', actions: ['Delete'] }]],
    [
      'Broken',
      [
        {
          resource: 'Node',
          actions: ['Add'],
          hint: () => {
            throw new Error('broken');
          },
        },
      ],
    ],
  ]);
  const gates = schedulingGates();
  const profile = {
    less: prioritySort().less!,
    gate: (pod: Pod) => gates.preEnqueue!(pod)?.plugin,
    interests,
  };
  const queue = new SchedulingQueue({
    rules: queueingRules(new Map([['default-scheduler', profile]]), (_, error) => hintErrors.push(error)),
    clock,
    initialBackoff: 1_000,
    maxBackoff: 10_000,
    maxInUnschedulable: 300_000,
  });
  return { queue, clock, hintErrors };
}

const refused = (attempt: QueuedPod, ...plugins: string[]): QueuedPod => ({
  ...attempt,
  unschedulablePlugins: new Set(plugins),
});
const pod = (name: string, more: PodOptions = {}) => makePod({ name, uid: name, ...more });

describe('the scheduling queue', () => {
  it('yields higher priorities first, then older pods', () => {
    const { queue, clock } = testQueue();
    for (const [name, priority] of [
      ['a', 0],
      ['b', 5],
      ['c', 0],
      ['d', 5],
    ] as const) {
      queue.add(pod(name, { priority }));
      clock.advance(1);
    }
    const order = [queue.pop(), queue.pop(), queue.pop(), queue.pop()].map((each) => each!.info.uid);
    expect(order).toEqual(['b', 'd', 'a', 'c']);
    expect(queue.pop()).toBeUndefined();
  });

  it('lets a refused pod wait for an event that helps it', () => {
    const { queue, clock } = testQueue();
    queue.add(pod('p'));
    queue.putBack(refused(queue.pop()!, 'Fit'));
    expect(queue.placeOf('p')).toBe('unschedulable');
    clock.advance(5_000);
    queue.moveOn(podDelete, undefined, undefined);
    queue.moveOn(nodeAdd, undefined, 'useless');
    expect(queue.placeOf('p')).toBe('unschedulable');
    queue.moveOn(nodeAdd, undefined, 'useful');
    expect(queue.placeOf('p')).toBe('active');
  });

  it('doubles the back-off from 1 s to 10 s', () => {
    const { queue, clock } = testQueue();
    queue.add(pod('p'));
    for (const seconds of [1, 2, 4, 8, 10, 10]) {
      queue.putBack(refused(queue.pop()!, 'Fit'));
      queue.moveOn(nodeAdd, undefined, 'useful');
      expect(queue.placeOf('p')).toBe('backoff');
      clock.advance(seconds * 1000 - 1);
      expect([seconds, queue.placeOf('p')]).toEqual([seconds, 'backoff']);
      clock.advance(1);
      expect(queue.placeOf('p')).toBe('active');
    }
  });

  it('retries after a back-off when the cause was an error, counted on its own', () => {
    const { queue, clock } = testQueue();
    queue.add(pod('p'));
    queue.putBack(refused(queue.pop()!, 'Fit'));
    clock.advance(60_000);
    queue.moveOn(nodeAdd, undefined, 'useful');
    queue.putBack(queue.pop()!);
    expect(queue.placeOf('p')).toBe('backoff');
    clock.advance(1_000);
    expect(queue.placeOf('p')).toBe('active');
  });

  it('does not miss an event that came during the attempt', () => {
    const { queue } = testQueue();
    queue.add(pod('p'));
    const attempt = queue.pop()!;
    expect(queue.placeOf('p')).toBe('in flight');
    queue.moveOn(nodeAdd, undefined, 'useful');
    queue.putBack(refused(attempt, 'Fit'));
    expect(queue.placeOf('p')).toBe('backoff');
  });

  it('forgets events that no pod in flight has still to see', () => {
    const { queue } = testQueue();
    queue.add(pod('a'));
    queue.add(pod('b'));
    const a = queue.pop()!;
    queue.moveOn(nodeAdd, undefined, 1);
    const b = queue.pop()!;
    queue.moveOn(nodeAdd, undefined, 2);
    expect(queue.inFlightEvents).toBe(2);
    queue.done(a.info.uid);
    expect(queue.inFlightEvents).toBe(1);
    queue.done(b.info.uid);
    expect(queue.inFlightEvents).toBe(0);
    queue.moveOn(nodeAdd, undefined, 3);
    expect(queue.inFlightEvents).toBe(0);
  });

  it('retries a pending pod at once when its event comes', () => {
    const { queue } = testQueue();
    queue.add(pod('p'));
    queue.putBack({ ...queue.pop()!, pendingPlugins: new Set(['Wait']) });
    queue.moveOn(podDelete, undefined, undefined);
    expect(queue.placeOf('p')).toBe('active');
  });

  it('tries pods again after five minutes whatever happened', () => {
    const { queue, clock } = testQueue();
    queue.add(pod('p'));
    queue.putBack(refused(queue.pop()!, 'Fit'));
    clock.advance(300_000);
    expect(queue.placeOf('p')).toBe('unschedulable');
    clock.advance(30_000);
    expect(queue.placeOf('p')).toBe('active');
  });

  it('retries when a hint throws', () => {
    const { queue, clock, hintErrors } = testQueue();
    queue.add(pod('p'));
    queue.putBack(refused(queue.pop()!, 'Broken'));
    clock.advance(2_000);
    queue.moveOn(nodeAdd, undefined, 'n');
    expect(queue.placeOf('p')).toBe('active');
    expect(hintErrors).toHaveLength(1);
  });

  it('keeps gated pods out until their gates are gone', () => {
    const { queue, clock } = testQueue();
    const gated = pod('p', { schedulingGates: [{ name: 'quota' }] });
    queue.add(gated);
    expect(queue.placeOf('p')).toBe('gated');
    expect(queue.counts()).toEqual({ active: 0, backoff: 0, unschedulable: 0, gated: 1 });
    queue.moveOn(nodeAdd, undefined, 'useful');
    clock.advance(600_000);
    expect(queue.placeOf('p')).toBe('gated');
    queue.update(gated, pod('p'));
    expect(queue.placeOf('p')).toBe('active');
  });

  it('takes updates over wherever the pod is, and retries only for those that matter', () => {
    const { queue, clock } = testQueue();
    const first = pod('p');
    queue.add(first);
    const second = pod('p', { labels: { a: '1' } });
    queue.update(first, second);
    const attempt = queue.pop()!;
    expect(attempt.info.pod).toBe(second);
    queue.putBack(refused(attempt, 'Fit'));
    clock.advance(60_000);
    const statusOnly = { ...second, status: { conditions: [{ type: 'PodScheduled', status: 'False' as const }] } };
    queue.update(second, statusOnly);
    expect(queue.placeOf('p')).toBe('unschedulable');
    queue.update(statusOnly, { ...statusOnly, spec: { ...statusOnly.spec, nodeSelector: { a: 'b' } } });
    expect(queue.placeOf('p')).toBe('active');
  });

  it('forgets deleted pods', () => {
    const { queue } = testQueue();
    const p = pod('p');
    queue.add(p);
    queue.delete(p);
    expect(queue.pop()).toBeUndefined();
    expect(queue.placeOf('p')).toBeUndefined();
  });

  it('tells which plugins refused the pods that wait', () => {
    const { queue } = testQueue();
    for (const name of ['a', 'b']) queue.add(pod(name));
    queue.putBack(refused(queue.pop()!, 'Fit'));
    queue.putBack(refused(queue.pop()!, 'Fit', 'Wait'));
    expect(queue.rejections()).toEqual([
      ['default-scheduler', 'Fit', 2],
      ['default-scheduler', 'Wait', 1],
    ]);
  });

  it('yields pods as they come until it is told to stop', async () => {
    const { queue } = testQueue();
    const stop = new AbortController();
    const seen: string[] = [];
    const taking = (async () => {
      for await (const each of queue.take(stop.signal)) {
        seen.push(each.info.uid);
        queue.done(each.info.uid);
        if (seen.length === 2) stop.abort();
        else queue.add(pod('later'));
      }
    })();
    queue.add(pod('first'));
    await taking;
    expect(seen).toEqual(['first', 'later']);
  });
});
