import { describe, expect, it } from '@jest/globals';
import { BoundedRunner } from './bounded-runner.ts';

/** Time that moves when told, running what falls due. */
function fakeTimers() {
  let time = 0;
  let due: { at: number; run: () => void }[] = [];
  return {
    now: () => time,
    after(ms: number, run: () => void) {
      const timer = { at: time + ms, run };
      due.push(timer);
      return () => {
        due = due.filter((each) => each !== timer);
      };
    },
    async advance(ms: number) {
      const end = time + ms;
      for (;;) {
        const next = due.filter((each) => each.at <= end).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        due = due.filter((each) => each !== next);
        time = next.at;
        next.run();
        // What a run awaits settles before time goes on.
        await new Promise((resolve) => setImmediate(resolve));
      }
      time = end;
    },
  };
}

function runnerOf(fail: () => boolean = () => false) {
  const timers = fakeTimers();
  const runs: string[] = [];
  const errors: unknown[] = [];
  const runner = new BoundedRunner({
    minInterval: 1_000,
    retryInterval: 30_000,
    maxInterval: 3_600_000,
    timers,
    run: async (full) => {
      runs.push(`${timers.now()}${full ? ' full' : ''}`);
      if (fail()) throw new Error('failed');
    },
    onError: (error) => errors.push(error),
  });
  return { timers, runs, errors, runner };
}

describe('the bounded runner', () => {
  it('runs at once, joins requests, and keeps the distance when they do not end', async () => {
    const { timers, runs, runner } = runnerOf();
    runner.request();
    runner.request();
    await timers.advance(0);
    expect(runs).toEqual(['0 full']);
    for (let i = 0; i < 30; i++) {
      runner.request();
      await timers.advance(100);
    }
    expect(runs.length).toBeLessThanOrEqual(6);
    expect(runs.length).toBeGreaterThanOrEqual(3);
  });

  it('runs two in a row after a quiet time', async () => {
    const { timers, runs, runner } = runnerOf();
    runner.request();
    await timers.advance(10_000);
    runner.request();
    await timers.advance(10);
    runner.request();
    await timers.advance(10);
    runner.request();
    await timers.advance(5_000);
    expect(runs).toEqual(['0 full', '10000', '10010', '11010']);
  });

  it('tries again, fully, after a failure', async () => {
    let failing = true;
    const { timers, runs, errors, runner } = runnerOf(() => failing);
    runner.request();
    await timers.advance(0);
    expect(errors).toHaveLength(1);
    failing = false;
    await timers.advance(30_000);
    expect(runs).toEqual(['0 full', '30000 full']);
  });

  it('runs fully once an hour without being asked', async () => {
    const { timers, runs, runner } = runnerOf();
    runner.request();
    await timers.advance(3_600_000);
    expect(runs).toEqual(['0 full', '3600000 full']);
  });

  it('stops', async () => {
    const { timers, runs, runner } = runnerOf();
    runner.request();
    await timers.advance(0);
    runner.stop();
    runner.request();
    await timers.advance(10_000_000);
    expect(runs).toEqual(['0 full']);
  });
});
