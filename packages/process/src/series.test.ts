import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { hideMetrics } from './metrics.ts';
import { counters, gauges, histograms, scraped, summaries } from './series.ts';

describe('series bound to their labels', () => {
  it('shows each series once, however often it is asked for', async () => {
    const registry = new Registry();
    const family = counters(registry, { name: 'things_total', help: 'Things.', labels: ['kind'] });
    const one = family.of({ kind: 'a"b' });
    one.inc();
    expect(family.of({ kind: 'a"b' })).toBe(one);
    family.of({ kind: 'a"b' }).inc(2);
    family.of({ kind: 'c' });
    expect(await registry.metrics()).toBe(
      '# HELP things_total Things.\n# TYPE things_total counter\nthings_total{kind="a\\"b"} 3\nthings_total{kind="c"} 0\n',
    );
    family.remove({ kind: 'c' });
    expect(await registry.metrics()).not.toContain('kind="c"');
  });

  it('shows a metric without labels from the start', async () => {
    const registry = new Registry();
    gauges(registry, { name: 'level', help: 'Level.' });
    expect(await registry.metrics()).toContain('\nlevel 0\n');
  });

  it('counts what a bound includes into its bucket, and cumulates', async () => {
    const registry = new Registry();
    const sizes = histograms(registry, { name: 'sizes', help: 'Sizes.', labels: ['of'], buckets: [1, 10] });
    for (const size of [0.5, 1, 7, 99]) sizes.of({ of: 'x' }).observe(size);
    const lines = (await registry.metrics()).trim().split('\n').slice(2);
    expect(lines).toEqual([
      'sizes_bucket{of="x",le="1"} 2',
      'sizes_bucket{of="x",le="10"} 3',
      'sizes_bucket{of="x",le="+Inf"} 4',
      'sizes_sum{of="x"} 107.5',
      'sizes_count{of="x"} 4',
    ]);
  });

  it('ranks the newest observations', async () => {
    const registry = new Registry();
    const times = summaries(registry, { name: 'times', help: 'Times.' }).of({});
    for (let i = 1; i <= 1_100; i++) times.observe(i);
    const text = await registry.metrics();
    expect(text).toContain('times{quantile="0.5"} 600');
    expect(text).toContain('times{quantile="0.99"} 1090');
    expect(text).toContain('times_count 1100');
  });

  it('reads what is counted elsewhere when it is scraped', async () => {
    const registry = new Registry();
    let level = 1;
    scraped(registry, {
      name: 'level',
      help: 'Level.',
      labels: ['of'],
      type: 'gauge',
      read: () => [{ labels: { of: 'a' }, value: level }],
    });
    expect(await registry.metrics()).toContain('level{of="a"} 1');
    level = 5;
    expect(await registry.metrics()).toContain('level{of="a"} 5');
  });
});

describe('hidden metrics', () => {
  it('are not scraped, whenever they were made', async () => {
    const registry = new Registry();
    counters(registry, { name: 'before_total', help: 'h' }).of({}).inc();
    hideMetrics(registry, ['before_total', 'after_total']);
    counters(registry, { name: 'after_total', help: 'h' }).of({}).inc();
    counters(registry, { name: 'shown_total', help: 'h' }).of({}).inc();
    const shown = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(shown).toEqual(['disabled_metrics_total 2', 'hidden_metrics_total 0', 'shown_total 1']);
  });
});
