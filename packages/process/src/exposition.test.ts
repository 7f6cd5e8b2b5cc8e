import { describe, expect, it } from '@jest/globals';
import { Counter, Histogram, Registry } from 'prom-client';
import { exposition } from './exposition.ts';
import { counters, histograms, summaries } from './series.ts';

const textOf = async (registry: Registry) => (await exposition(registry, undefined)).text;

describe('exposition', () => {
  it('has metrics by name, and only those that have series', async () => {
    const registry = new Registry();
    counters(registry, { name: 'b_total', help: 'B.' }).of({}).inc(2);
    counters(registry, { name: 'c_total', help: 'C.', labels: ['of'] });
    counters(registry, { name: 'a_total', help: 'A\\ in\ntwo lines.', labels: ['of'] })
      .of({ of: 'a "quoted"\\\n' })
      .inc();
    expect(await textOf(registry)).toBe(
      [
        '# HELP a_total A\\\\ in\\ntwo lines.',
        '# TYPE a_total counter',
        'a_total{of="a \\"quoted\\"\\\\\\n"} 1',
        '# HELP b_total B.',
        '# TYPE b_total counter',
        'b_total 2',
        '',
      ].join('\n'),
    );
    expect(await textOf(new Registry())).toBe('');
  });

  it('writes the ends of buckets as Go does', async () => {
    const registry = new Registry();
    const buckets = [1e-8, 0.00001, 0.00025, 0.5, 1, 100_000, 1_000_000, 1_050_000, 1e9, 1e15];
    histograms(registry, { name: 'a', help: 'A.', buckets }).of({}).observe(2);
    new Histogram({ name: 'b', help: 'B.', buckets: [0.00001, 2_500_000], registers: [registry] }).observe(1);
    const ends = [...(await textOf(registry)).matchAll(/le="([^"]*)"\} (\d+)/g)].map(
      ([, end, count]) => `${end} ${count}`,
    );
    expect(ends).toEqual([
      ...['1e-08 0', '1e-05 0', '0.00025 0', '0.5 0', '1 0', '100000 1', '1e+06 1', '1.05e+06 1', '1e+09 1'],
      ...['1e+15 1', '+Inf 1', '1e-05 0', '2.5e+06 1', '+Inf 1'],
    ]);
  });

  it('shows metrics of the library, and numbers that are none', async () => {
    const registry = new Registry();
    new Counter({ name: 'a', help: 'A.', labelNames: ['of'], registers: [registry] }).inc({ of: 'x' }, 3);
    summaries(registry, { name: 'b', help: 'B.' });
    expect((await textOf(registry)).split('\n')).toEqual(
      expect.arrayContaining(['a{of="x"} 3', 'b{quantile="0.5"} NaN']),
    );
  });

  it('is called what the client wants it to be called', async () => {
    const called = async (accept?: string) => (await exposition(new Registry(), accept)).contentType;
    expect(await called()).toBe('text/plain; version=0.0.4; charset=utf-8; escaping=underscores');
    expect(await called('text/plain;version=0.0.4;escaping=nonsense')).toContain('escaping=underscores');
    const prometheus =
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3';
    expect(await called(prometheus)).toBe('text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8');
  });
});
