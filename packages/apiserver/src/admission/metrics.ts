import { type Distribution, histograms, type Ranking, summaries } from '@coracle/process/series';
import type { Registry } from 'prom-client';
import { operationsOf } from './operations.ts';
import type { AdmissionChain, AdmissionPlugin, Attributes } from './plugin.ts';

type Step = 'admit' | 'validate';

const buckets = [0.005, 0.025, 0.1, 0.5, 1, 2.5];

/** What the audit log calls the time of plugins that ask others. */
const askingOf = { admit: 'mutating-webhook', validate: 'validating-webhook' } as const;

/** The plugins, asked about their operations alone, and timed one by one and step by step, under upstream's metric names. */
export function measuredAdmission(metrics: Registry, plugins: readonly AdmissionPlugin[]): AdmissionChain {
  const byPlugin = histograms(metrics, {
    name: 'apiserver_admission_controller_admission_duration_seconds',
    help: 'Seconds an admission plugin took, by what it did and whether it refused.',
    labels: ['name', 'type', 'operation', 'rejected'],
    buckets,
  });
  const bySteps = histograms(metrics, {
    name: 'apiserver_admission_step_admission_duration_seconds',
    help: 'Seconds all admission plugins took together, mutating or validating.',
    labels: ['type', 'operation', 'rejected'],
    buckets,
  });
  const ranked = summaries(metrics, {
    name: 'apiserver_admission_step_admission_duration_seconds_summary',
    help: 'Seconds all admission plugins took together, ranked: of the newest 1,000 requests each.',
    labels: ['type', 'operation', 'rejected'],
  });
  const stepSeries = memoised((type: Step, operation: string, rejected: boolean): readonly [Distribution, Ranking] => {
    const labels = { type, operation, rejected: String(rejected) };
    return [bySteps.of(labels), ranked.of(labels)];
  });
  const measured = plugins.map((plugin): AdmissionPlugin => {
    const seriesOf = memoised((type: Step, operation: string, rejected: boolean) =>
      byPlugin.of({ name: plugin.name, type, operation, rejected: String(rejected) }),
    );
    const operations = operationsOf[plugin.name];
    const timed = (type: Step, run: NonNullable<AdmissionPlugin['mutate']>) => (attributes: Attributes) => {
      if (operations && !operations.includes(attributes.operation)) return;
      const begun = performance.now();
      const ended = (rejected: boolean) => {
        const milliseconds = performance.now() - begun;
        seriesOf(type, attributes.operation, rejected).observe(milliseconds / 1000);
        if (plugin.asksOthers) attributes.waited?.(milliseconds, askingOf[type]);
      };
      const failed = (error: unknown): never => {
        ended(true);
        throw error;
      };
      let result: Promise<void> | void;
      try {
        result = run(attributes);
      } catch (error) {
        return failed(error);
      }
      if (result) return result.then(() => ended(false), failed);
      ended(false);
    };
    const { mutate, validate } = plugin;
    return {
      name: plugin.name,
      ...(mutate ? { mutate: timed('admit', (it) => mutate.call(plugin, it)) } : {}),
      ...(validate ? { validate: timed('validate', (it) => validate.call(plugin, it)) } : {}),
    };
  });
  return Object.assign(measured, {
    ended(type: Step, operation: string, rejected: boolean, seconds: number) {
      for (const series of stepSeries(type, operation, rejected)) series.observe(seconds);
    },
  });
}

/** Remembers what was made for each of the few combinations there are. */
function memoised<T>(make: (type: Step, operation: string, rejected: boolean) => T) {
  const made = new Map<string, T>();
  return (type: Step, operation: string, rejected: boolean): T => {
    const key = `${type} ${operation} ${rejected}`;
    let known = made.get(key);
    if (known === undefined) {
      known = make(type, operation, rejected);
      made.set(key, known);
    }
    return known;
  };
}
