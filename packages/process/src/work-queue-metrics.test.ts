import { WorkQueue } from '@coracle/client/work-queue';
import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { exposition } from './exposition.ts';
import { workQueueMetrics } from './work-queue-metrics.ts';

async function samplesOf(registry: Registry): Promise<Map<string, number>> {
  const lines = (await exposition(registry, undefined)).text
    .split('\n')
    .filter((line) => line.startsWith('workqueue_'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

describe('workQueueMetrics', () => {
  it('has all series of a queue before anything is in it', async () => {
    const registry = new Registry();
    new WorkQueue({ name: 'a', metrics: workQueueMetrics(registry)('a') });
    const samples = await samplesOf(registry);
    for (const name of [
      'workqueue_adds_total',
      'workqueue_depth',
      'workqueue_longest_running_processor_seconds',
      'workqueue_queue_duration_seconds_count',
      'workqueue_retries_total',
      'workqueue_unfinished_work_seconds',
      'workqueue_work_duration_seconds_count',
    ]) {
      expect([name, samples.get(`${name}{name="a"}`)]).toEqual([name, 0]);
    }
    const ends = [...samples.keys()].flatMap(
      (key) => /work_duration_seconds_bucket.*le="([^"]*)"/.exec(key)?.[1] ?? [],
    );
    const [small, large] = [
      '1e-08 1e-07 1e-06 9.999999999999999e-06 9.999999999999999e-05',
      '0.001 0.01 0.1 1 10 +Inf',
    ];
    expect(ends.join(' ')).toBe(`${small} ${large}`);
  });

  it('follows what is added, worked on and done', async () => {
    const registry = new Registry();
    const queue = new WorkQueue({ name: 'a', metrics: workQueueMetrics(registry)('a') });
    const at = async (name: string) => (await samplesOf(registry)).get(`workqueue_${name}{name="a"}`)!;
    queue.add('x');
    queue.add('y');
    queue.add('x');
    expect(await at('adds_total')).toBe(2);
    expect(await at('depth')).toBe(2);
    await queue.next();
    await queue.next();
    queue.add('y');
    expect(await at('depth')).toBe(1); // it waits for its other turn
    expect(await at('queue_duration_seconds_count')).toBe(2);
    const samples = await samplesOf(registry);
    const all = samples.get('workqueue_unfinished_work_seconds{name="a"}')!;
    const longest = samples.get('workqueue_longest_running_processor_seconds{name="a"}')!;
    expect(longest).toBeGreaterThan(0);
    expect(all).toBeGreaterThan(longest);
    queue.done('x');
    queue.done('y');
    await queue.next();
    queue.done('y');
    expect(await at('work_duration_seconds_count')).toBe(3);
    expect(await at('unfinished_work_seconds')).toBe(0);
    expect(await at('longest_running_processor_seconds')).toBe(0);
  });

  it('counts as retries whatever is to come later', async () => {
    const registry = new Registry();
    const queue = new WorkQueue({ name: 'a', metrics: workQueueMetrics(registry)('a') });
    queue.addRateLimited('x');
    queue.addAfter('y', 60_000);
    queue.addAfter('z', 0);
    queue.close();
    queue.addAfter('w', 0);
    const samples = await samplesOf(registry);
    expect(samples.get('workqueue_retries_total{name="a"}')).toBe(3);
    expect(samples.get('workqueue_adds_total{name="a"}')).toBe(1);
  });
});
