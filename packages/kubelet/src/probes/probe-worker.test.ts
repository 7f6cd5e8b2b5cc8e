import type { Probe } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../testing/fake-clock.ts';
import { type ProbeType, ProbeWorker } from './probe-worker.ts';
import { failure, type ProbeOutcome, success, unknown } from './result.ts';

function probing(type: ProbeType, probe: Probe, outcomes: ProbeOutcome[]) {
  const clock = new FakeClock();
  const told = { tries: [] as number[], failed: [] as string[], changed: 0 };
  const worker = new ProbeWorker({
    type,
    probe: { periodSeconds: 10, failureThreshold: 3, successThreshold: 1, ...probe },
    clock,
    run: async () => {
      told.tries.push(clock.now() / 1000);
      return outcomes.length > 1 ? outcomes.shift()! : outcomes[0]!;
    },
    failed: ({ output }) => told.failed.push(output),
    changed: () => told.changed++,
  });
  return { clock, worker, told };
}

const running = { id: 'c1', startedAt: 0, started: true };

describe('a readiness probe', () => {
  it('holds a container unready until it succeeds, and asks every period', async () => {
    const { clock, worker, told } = probing('readiness', { initialDelaySeconds: 5 }, [failure('no'), success()]);
    worker.observe(running);
    expect(worker.verdict('c1')).toBe('failure');
    await clock.pass(4);
    expect(told.tries).toEqual([]);
    await clock.pass(31);
    expect(told.tries).toEqual([5, 15, 25, 35]);
    expect(worker.verdict('c1')).toBe('success');
    expect(told).toMatchObject({ failed: ['no'], changed: 1 });
  });

  it('of a kubelet that starts anew takes over what was reported of that very container, until it fails', async () => {
    const { clock, worker } = probing('readiness', { failureThreshold: 1 }, [failure('no')]);
    worker.observe({ ...running, wasContent: true });
    expect(worker.verdict('c1')).toBe('success');
    await clock.pass(1);
    expect(worker.verdict('c1')).toBe('failure');
    worker.observe({ ...running, id: 'c2' });
    expect(worker.verdict('c2')).toBe('failure');
  });

  it('counts failures in a row', async () => {
    const { clock, worker, told } = probing('readiness', { failureThreshold: 2 }, [
      success(),
      failure('1'),
      success(),
      failure('2'),
      failure('3'),
    ]);
    worker.observe(running);
    await clock.pass(35);
    expect(worker.verdict('c1')).toBe('success');
    await clock.pass(10);
    expect(worker.verdict('c1')).toBe('failure');
    expect(told.changed).toBe(2);
  });

  it('counts successes in a row', async () => {
    const { clock, worker } = probing('readiness', { successThreshold: 2 }, [success()]);
    worker.observe(running);
    await clock.pass(5);
    expect(worker.verdict('c1')).toBe('failure');
    await clock.pass(10);
    expect(worker.verdict('c1')).toBe('success');
  });

  it('waits for the startup probe', async () => {
    const { clock, worker, told } = probing('readiness', {}, [success()]);
    worker.observe({ ...running, started: false });
    await clock.pass(60);
    expect(told.tries).toEqual([]);
    worker.observe(running);
    await clock.pass(1);
    expect(told.tries).toEqual([60]);
  });
});

describe('a liveness probe', () => {
  it('takes a container for alive until it has failed often enough, and then waits for the next container', async () => {
    const { clock, worker, told } = probing('liveness', {}, [failure('dead')]);
    worker.observe(running);
    await clock.pass(15);
    expect(worker.verdict('c1')).toBe('success');
    await clock.pass(100);
    expect(told.tries).toEqual([0, 10, 20]);
    expect(worker.verdict('c1')).toBe('failure');
    worker.observe({ id: 'c2', startedAt: 120_000, started: true });
    expect(worker.verdict('c1')).toBeUndefined();
    expect(worker.verdict('c2')).toBe('success');
    await clock.pass(5);
    expect(told.tries).toHaveLength(4);
  });

  it('tries three times what it cannot tell, and counts none of it', async () => {
    const { clock, worker, told } = probing('liveness', { failureThreshold: 1 }, [unknown('?')]);
    worker.observe(running);
    await clock.pass(1);
    expect(told.tries).toEqual([0, 0, 0]);
    expect(worker.verdict('c1')).toBe('success');
  });
});

describe('a startup probe', () => {
  it('ends with its first success', async () => {
    const { clock, worker, told } = probing('startup', { failureThreshold: 30 }, [failure('not yet'), success()]);
    worker.observe({ ...running, started: false });
    expect(worker.verdict('c1')).toBeUndefined();
    await clock.pass(100);
    expect(told.tries).toEqual([0, 10]);
    expect(worker.verdict('c1')).toBe('success');
  });
});

it('a stopped probe asks no more', async () => {
  const { clock, worker, told } = probing('readiness', {}, [success()]);
  worker.observe(running);
  await clock.pass(1);
  worker.stop();
  worker.observe(running);
  await clock.pass(100);
  expect(told.tries).toEqual([0]);
});
