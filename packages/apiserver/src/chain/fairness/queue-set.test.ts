import { beforeEach, describe, expect, it } from '@jest/globals';
import { QueueSet, type Seated } from './queue-set.ts';
import { dealHand } from './shuffle-sharding.ts';
import type { Work } from './work.ts';

let now: number;
let set: QueueSet;
const never = new AbortController().signal;
const patience = 60_000;

beforeEach(() => {
  now = 1000;
  set = new QueueSet(() => now);
  set.configure({ queues: 8, handSize: 1, queueLengthLimit: 10 });
  set.setLimit(2, 2);
});

/** The work of a request of so many seats. */
const of = (initial: number): Work => ({ initial, final: 0, after: 0 });

/** Requests of a flow that has one queue; those that got their seats, in order. */
function flow(queue: number, began: string[], name = String(queue)) {
  return async (seats = 1): Promise<Seated> => {
    const seated = set.admit([queue], of(seats)) ?? (await set.wait([queue], of(seats), patience, never));
    began.push(name);
    return seated;
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Lets each request that has its seats run for a time, until all have ended; returns how many seats were in use at most. */
async function run(requests: Promise<Seated>[], milliseconds: number): Promise<number> {
  const executing: Seated[] = [];
  let left = requests.length;
  let most = 0;
  for (const each of requests) void each.then((seated) => executing.push(seated));
  await settled();
  while (left > 0) {
    most = Math.max(most, set.seatsInUse);
    now += milliseconds;
    const ended = executing.splice(0);
    expect(ended.length).toBeGreaterThan(0);
    left -= ended.length;
    for (const seated of ended) set.leave(seated);
    await settled();
  }
  return most;
}

describe('seats', () => {
  it('are had at once while there are some', () => {
    const first = set.admit([0], of(1))!;
    expect(set.admit([0], of(1))).toBeDefined();
    expect(set.admit([1], of(1))).toBeUndefined();
    set.leave(first);
    expect(set.admit([1], of(1))).toBeDefined();
  });

  it('are never more than the limit', async () => {
    const began: string[] = [];
    const requests = Array.from({ length: 8 }, (_, i) => flow(i, began)(1));
    expect(await run(requests, 10)).toBe(2);
    expect(set.executing + set.waiting + set.seatsInUse).toBe(0);
  });

  it('more than there are are had by a request that is alone', async () => {
    const small = set.admit([0], of(1))!;
    expect(set.admit([1], of(5))).toBeUndefined();
    const wide = set.wait([1], of(5), patience, never);
    set.leave(small);
    expect((await wide).seats).toBe(5);
    expect(set.admit([0], of(1))).toBeUndefined();
  });

  it('that are new go to those who wait', async () => {
    const began: string[] = [];
    const requests = [1, 2, 3].map((queue) => flow(queue, began)());
    await settled();
    expect(began).toHaveLength(2);
    set.setLimit(3, 3);
    await Promise.all(requests);
    expect(began).toHaveLength(3);
  });
});

describe('flows', () => {
  it('that ask for little are not held up by one that asks for much', async () => {
    const began: string[] = [];
    const elephant = flow(0, began, 'elephant');
    const mouse = flow(1, began, 'mouse');
    const many = Array.from({ length: 10 }, () => elephant());
    const few = [mouse(), mouse()];
    await run([...many, ...few], 10);
    // Two had the seats before anybody else came; from then on they take turns.
    expect(began.slice(0, 6).filter((name) => name === 'mouse')).toHaveLength(2);
  });

  it('get the same whatever their requests last, and how wide they are', async () => {
    set.setLimit(4, 4);
    const began: string[] = [];
    const wide = flow(0, began, 'wide');
    const narrow = flow(1, began, 'narrow');
    const busy = set.admit([2], of(4))!;
    const requests = [...Array.from({ length: 5 }, () => wide(4)), ...Array.from({ length: 10 }, () => narrow(1))];
    await settled();
    set.leave(busy);
    await run(requests, 10);
    const untilSecondWide = began.slice(0, began.indexOf('wide', began.indexOf('wide') + 1));
    expect(untilSecondWide.filter((name) => name === 'narrow').length).toBeGreaterThanOrEqual(4);
  });

  it('save up no turns while they ask for nothing', async () => {
    const began: string[] = [];
    const early = set.admit([1], of(1))!;
    set.leave(early);
    await run(
      Array.from({ length: 6 }, () => flow(0, began, 'steady')()),
      1000,
    );
    began.length = 0;
    const steady = Array.from({ length: 6 }, () => flow(0, began, 'steady')());
    const late = Array.from({ length: 6 }, () => flow(1, began, 'late')());
    await run([...steady, ...late], 10);
    expect(began.slice(2, 8).filter((name) => name === 'late').length).toBeLessThanOrEqual(4);
  });
});

describe('a request that others have to be told of', () => {
  it('keeps the more of its seats from its beginning until they are', async () => {
    const write = set.admit([0], { initial: 1, final: 2, after: 5 })!;
    expect([set.executing, set.seatsInUse]).toEqual([1, 2]);
    const behind = set.wait([1], of(1), patience, never);
    set.finish(write);
    expect([set.executing, set.seatsInUse, set.waiting]).toEqual([0, 2, 1]);
    set.release(write);
    set.leave(await behind);
    expect([set.executing, set.seatsInUse, set.waiting]).toEqual([0, 0, 0]);
  });
});

describe('a request that cannot have seats', () => {
  it('is refused where nothing is queued', async () => {
    set.configure(undefined);
    set.admit([], of(2));
    expect(() => set.wait([], of(1), patience, never)).toThrow('concurrency-limit');
  });

  it('is none that comes once nothing is queued any more, whoever waits from before', async () => {
    const narrow = set.admit([0], of(1))!;
    const wide = set.wait([1], of(2), patience, never);
    set.configure(undefined);
    const next = set.admit([], of(1))!;
    expect(next).toBeDefined();
    set.leave(next);
    set.leave(narrow);
    set.leave(await wide);
    expect(set.seatsInUse).toBe(0);
  });

  it('is refused when its queue is full, or it has waited long enough', async () => {
    set.configure({ queues: 8, handSize: 1, queueLengthLimit: 1 });
    const busy = set.admit([0], of(2))!;
    const waiting = set.wait([1], of(1), 5, never);
    expect(() => set.wait([1], of(1), patience, never)).toThrow('queue-full');
    await expect(waiting).rejects.toMatchObject({ reason: 'time-out' });
    expect(set.waiting).toBe(0);
    set.leave(busy);
    expect(set.seatsInUse).toBe(0);
  });

  it('is forgotten when its client leaves, and others go on', async () => {
    const narrow = set.admit([0], of(1))!;
    const leaving = new AbortController();
    const wide = set.wait([1], of(2), patience, leaving.signal);
    now += 100;
    const behind = set.wait([2], of(1), patience, never);
    leaving.abort(new Error('gone'));
    await expect(wide).rejects.toThrow('gone');
    set.leave(await behind);
    set.leave(narrow);
    expect([set.waiting, set.executing, set.seatsInUse]).toEqual([0, 0, 0]);
  });

  it('keeps its turn when its queue is taken away', async () => {
    const busy = set.admit([0], of(2))!;
    const waiting = set.wait([7], of(1), patience, never);
    set.configure({ queues: 1, handSize: 1, queueLengthLimit: 1 });
    set.leave(busy);
    set.leave(await waiting);
    expect(set.seatsInUse).toBe(0);
  });
});

describe('demand', () => {
  it('is what is used and waited for, over time', () => {
    set.demand.take(now);
    const one = set.admit([0], of(2))!;
    now += 100;
    set.leave(one);
    now += 100;
    expect(set.demand.take(now)).toEqual({ average: 1, deviation: 1, high: 2 });
  });
});

describe('a hand', () => {
  it('is the same for the same flow, of different queues, and mostly another for another flow', () => {
    const hands = Array.from({ length: 500 }, (_, i) => dealHand(`flow ${i}`, 64, 6));
    for (const hand of hands) {
      expect(new Set(hand).size).toBe(6);
      expect(hand.every((card) => card >= 0 && card < 64)).toBe(true);
    }
    expect(dealHand('flow 0', 64, 6)).toEqual(hands[0]);
    expect(new Set(hands.map((hand) => hand.join())).size).toBe(500);
    expect(new Set(hands.flat()).size).toBe(64);
    expect([...dealHand('x', 4, 4)].sort()).toEqual([0, 1, 2, 3]);
    // As upstream's servers deal it, of the hash's first bytes as a number that begins with its lowest one.
    expect(dealHand('service-accounts\0system:serviceaccount:a:b', 128, 6)).toEqual([55, 113, 71, 36, 27, 19]);
  });
});
