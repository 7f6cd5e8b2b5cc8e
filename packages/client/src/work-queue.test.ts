import { describe, expect, it } from '@jest/globals';
import { TokenBucket } from './rate-limit.ts';
import { ControllerRateLimiter, ItemBackoff, WorkQueue } from './work-queue.ts';

describe('WorkQueue', () => {
  it('hands out a key once however often it was added', async () => {
    const queue = new WorkQueue({ name: 'test' });
    queue.add('a');
    queue.add('b');
    queue.add('a');
    expect(queue.length).toBe(2);
    expect(await queue.next()).toBe('a');
    expect(await queue.next()).toBe('b');
    expect(queue.length).toBe(0);
  });

  it('gives a key that was added while worked on again, after it is done', async () => {
    const queue = new WorkQueue({ name: 'test' });
    queue.add('a');
    expect(await queue.next()).toBe('a');
    queue.add('a');
    expect(queue.length).toBe(0);
    queue.done('a');
    expect(queue.length).toBe(1);
    expect(await queue.next()).toBe('a');
    queue.done('a');
    expect(queue.length).toBe(0);
  });

  it('wakes a waiting taker, and lets takers go when closed or aborted', async () => {
    const queue = new WorkQueue({ name: 'test' });
    const waiting = queue.next();
    queue.add('a');
    expect(await waiting).toBe('a');
    const stop = new AbortController();
    const aborted = queue.next(stop.signal);
    const closed = queue.next();
    stop.abort();
    expect(await aborted).toBeUndefined();
    queue.close();
    expect(await closed).toBeUndefined();
    queue.add('b');
    expect(queue.length).toBe(0);
  });

  it('adds later, the earliest time counting', async () => {
    const queue = new WorkQueue({ name: 'test' });
    queue.addAfter('a', 60_000);
    queue.addAfter('a', 1);
    queue.addAfter('a', 60_000);
    expect(await queue.next()).toBe('a');
    queue.close();
  });

  it('counts failures until forgotten', () => {
    const queue = new WorkQueue({ name: 'test' });
    queue.addRateLimited('a');
    queue.addRateLimited('a');
    expect(queue.requeues('a')).toBe(2);
    queue.forget('a');
    expect(queue.requeues('a')).toBe(0);
    queue.close();
  });
});

describe('rate limiters', () => {
  it('doubles each key on its own from 5 ms to 1000 s', () => {
    const limiter = new ItemBackoff();
    expect([1, 2, 3, 4].map(() => limiter.when('a'))).toEqual([5, 10, 20, 40]);
    expect(limiter.when('b')).toBe(5);
    for (let i = 0; i < 100; i++) limiter.when('a');
    expect(limiter.when('a')).toBe(1_000_000);
    limiter.forget('a');
    expect(limiter.when('a')).toBe(5);
  });

  it('lets 100 keys retry at once and then ten a second', () => {
    const limiter = new ControllerRateLimiter();
    for (let i = 0; i < 100; i++) expect(limiter.when(`key-${i}`)).toBe(5);
    for (let i = 0; i < 50; i++) limiter.when(`more-${i}`);
    expect(limiter.when('last')).toBeGreaterThan(1000);
  });

  it('fills a bucket over time, up to its size', () => {
    let now = 0;
    const bucket = new TokenBucket(10, 2, () => now);
    expect([bucket.reserve(), bucket.reserve(), bucket.reserve(), bucket.reserve()]).toEqual([0, 0, 100, 200]);
    now = 10_000;
    expect([bucket.tryTake(), bucket.tryTake(), bucket.tryTake()]).toEqual([true, true, false]);
  });
});
