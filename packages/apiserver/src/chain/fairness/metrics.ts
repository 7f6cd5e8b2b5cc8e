import { Counter, Gauge, Histogram, type Registry as MetricsRegistry } from 'prom-client';
import type { FlowControl } from './flow-control.ts';
import type { FlowCounts, Tally } from './flow-counts.ts';
import type { PriorityLevel } from './priority-level.ts';

const prefix = 'apiserver_flowcontrol';

type Labels = Record<string, string>;

/** Shows what the flow control counts, under upstream's names (apiserver_flowcontrol_*); everything is read when it is scraped. */
export function observeFairness(metrics: MetricsRegistry, control: FlowControl): void {
  for (const [name, help, read] of levelGauges) {
    new Gauge({
      name: `${prefix}_${name}`,
      help,
      labelNames: ['priority_level'],
      registers: [metrics],
      collect() {
        this.reset();
        for (const level of control.levels) this.set({ priority_level: level.name }, read(level));
      },
    });
  }
  for (const [name, help, read] of flowGauges) {
    new Gauge({
      name: `${prefix}_${name}`,
      help,
      labelNames: ['priority_level', 'flow_schema'],
      registers: [metrics],
      collect() {
        this.reset();
        for (const counts of control.counts) this.set(labelsOf(counts), read(counts));
      },
    });
  }
  new Gauge({
    name: `${prefix}_seat_fair_frac`,
    help: 'What part of its target each limited level got, where its bounds allow.',
    registers: [metrics],
    collect() {
      this.set(control.fairFraction);
    },
  });
  new Counter({
    name: `${prefix}_dispatched_requests_total`,
    help: 'Requests that got their seats.',
    labelNames: ['priority_level', 'flow_schema'],
    registers: [metrics],
    collect() {
      this.reset();
      for (const counts of control.counts) this.inc(labelsOf(counts), counts.dispatched);
    },
  });
  new Counter({
    name: `${prefix}_rejected_requests_total`,
    help: 'Requests that were refused, or whose client left while they waited, by reason.',
    labelNames: ['priority_level', 'flow_schema', 'reason'],
    registers: [metrics],
    collect() {
      this.reset();
      for (const counts of control.counts) {
        for (const [reason, count] of counts.rejected) this.inc({ ...labelsOf(counts), reason }, count);
      }
    },
  });
  tallied(metrics, control, 'request_wait_duration_seconds', 'Seconds requests waited for their seats.', (counts) => [
    [{ ...labelsOf(counts), execute: 'true' }, counts.waitedExecuted],
    [{ ...labelsOf(counts), execute: 'false' }, counts.waitedRefused],
  ]);
  tallied(metrics, control, 'request_execution_seconds', 'Seconds requests kept their seats.', (counts) => [
    [{ ...labelsOf(counts), type: 'regular' }, counts.execution],
  ]);
  tallied(metrics, control, 'work_estimated_seats', 'Seats that requests took.', (counts) => [
    [labelsOf(counts), counts.seats],
  ]);
  tallied(metrics, control, 'watch_count_samples', 'Watches that may see what a write changes.', (counts) => [
    [labelsOf(counts), counts.watches],
  ]);
}

const levelGauges: readonly [string, string, (level: PriorityLevel) => number][] = [
  ['nominal_limit_seats', 'Seats of the level by its shares.', ({ limits }) => limits.nominal],
  ['lower_limit_seats', 'Seats of the level that it does not lend.', ({ limits }) => limits.least],
  ['upper_limit_seats', 'Seats the level may have with borrowed ones.', ({ limits }) => limits.most],
  ['current_limit_seats', 'Seats the level has now.', ({ current }) => current],
  ['demand_seats_high_watermark', 'The most seats asked for at once in the last period.', ({ demand }) => demand.high],
  ['demand_seats_average', 'Seats asked for in the last period, on average.', ({ demand }) => demand.average],
  [
    'demand_seats_stdev',
    'Standard deviation of the seats asked for in the last period.',
    ({ demand }) => demand.deviation,
  ],
  ['demand_seats_smoothed', 'Seats asked for, by and large.', ({ demand }) => demand.smoothed],
  ['target_seats', 'Seats the level would have had, had there been enough.', ({ demand }) => demand.target],
];

const flowGauges: readonly [string, string, (counts: FlowCounts) => number][] = [
  ['current_inqueue_requests', 'Requests that wait for their seats.', ({ inQueue }) => inQueue],
  ['current_inqueue_seats', 'Seats that are waited for.', ({ inQueueSeats }) => inQueueSeats],
  ['current_executing_requests', 'Requests that have their seats.', ({ executing }) => executing],
  ['current_executing_seats', 'Seats that requests have.', ({ executingSeats }) => executingSeats],
];

function labelsOf({ schema, level }: FlowCounts): { priority_level: string; flow_schema: string } {
  return { priority_level: level, flow_schema: schema };
}

function tallied(
  metrics: MetricsRegistry,
  control: FlowControl,
  name: string,
  help: string,
  read: (counts: FlowCounts) => [Labels, Tally][],
): void {
  new TalliedHistogram(metrics, `${prefix}_${name}`, help, () => [...control.counts].flatMap(read));
}

/** A histogram whose numbers are kept elsewhere. */
class TalliedHistogram extends Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #read: () => [Labels, Tally][];

  constructor(metrics: MetricsRegistry, name: string, help: string, read: () => [Labels, Tally][]) {
    super({ name, help, registers: [metrics] });
    this.#name = name;
    this.#help = help;
    this.#read = read;
  }

  /** What both of the registry's formats are made of. */
  async getForPromString() {
    const values = this.#read().flatMap(([labels, tally]) => [...this.#series(labels, tally)]);
    return { name: this.#name, help: this.#help, type: 'histogram', values, aggregator: 'sum' };
  }

  *#series(sharedLabels: Labels, { bounds, counts, sum }: Tally) {
    let count = 0;
    for (const [i, bound] of bounds.entries()) {
      count += counts[i]!;
      yield { metricName: `${this.#name}_bucket`, labels: { le: String(bound) }, sharedLabels, value: count };
    }
    count += counts.at(-1)!;
    yield { metricName: `${this.#name}_bucket`, labels: { le: '+Inf' }, sharedLabels, value: count };
    yield { metricName: `${this.#name}_sum`, labels: {}, sharedLabels, value: sum };
    yield { metricName: `${this.#name}_count`, labels: {}, sharedLabels, value: count };
  }
}
