import type { Metric, Registry } from 'prom-client';

/** A number that grows, or that comes and goes: counting is an addition, and nothing else happens until somebody scrapes. */
export class Count {
  value = 0;

  inc(by = 1): void {
    this.value += by;
  }
}

/** Upper ends of buckets for seconds, where a metric has no others of its own: those of Prometheus' clients. */
export const defaultSeconds: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What was observed, counted by size. `bounds` are the upper ends of the buckets, ascending. */
export class Distribution {
  readonly bounds: readonly number[];
  /** Observations within each bucket alone; the last one is beyond all bounds. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  /** How often anything was observed. */
  get count(): number {
    return this.counts.reduce((sum, each) => sum + each, 0);
  }

  /** `times`: how often it was seen. */
  observe(value: number, times = 1): void {
    const { bounds, counts } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    counts[bucket]! += times;
    this.sum += value * times;
  }
}

const quantiles = [0.5, 0.9, 0.99];
const remembered = 1_000;

/** What was observed last, by rank: the quantiles of the newest 1,000 observations beside the count and sum of all. */
export class Ranking {
  readonly #last: number[] = [];
  count = 0;
  sum = 0;

  observe(value: number): void {
    this.#last[this.count % remembered] = value;
    this.count++;
    this.sum += value;
  }

  /** The value that a share of the newest observations do not exceed; NaN without any. */
  quantile(share: number): number {
    const sorted = [...this.#last].sort((a, b) => a - b);
    return sorted.length === 0 ? Number.NaN : sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
  }
}

type Labels<L extends string> = Readonly<Record<L, string>>;

/** What all series of a metric have in common. */
export interface MetricOptions<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly L[];
}

/** The series of one metric, by their labels. `of` is for once: who counts often keeps what it returns. */
export class Family<L extends string, S> {
  readonly #labels: readonly L[];
  readonly #make: () => S;
  readonly #series = new Map<string, { labels: Labels<L>; value: S }>();

  constructor(labels: readonly L[], make: () => S) {
    this.#labels = labels;
    this.#make = make;
    if (labels.length === 0) this.of({} as Labels<L>);
  }

  /** The series with these labels, made when it is asked for first. */
  of(labels: Labels<L>): S {
    const key = this.#keyOf(labels);
    const known = this.#series.get(key);
    if (known) return known.value;
    const value = this.#make();
    this.#series.set(key, { labels: { ...labels }, value });
    return value;
  }

  /** Shows a series no more. */
  remove(labels: Labels<L>): void {
    this.#series.delete(this.#keyOf(labels));
  }

  all(): Iterable<{ labels: Labels<L>; value: S }> {
    return this.#series.values();
  }

  #keyOf(labels: Labels<L>): string {
    let key = '';
    for (const name of this.#labels) key += `${labels[name]}\0`;
    return key;
  }
}

/** A counter whose series are bound to their labels once. */
export function counters<L extends string = never>(registry: Registry, options: MetricOptions<L>): Family<L, Count> {
  return family(registry, 'counter', options, () => new Count());
}

/** A gauge whose series are bound to their labels once. */
export function gauges<L extends string = never>(registry: Registry, options: MetricOptions<L>): Family<L, Count> {
  return family(registry, 'gauge', options, () => new Count());
}

/** A histogram whose series are bound to their labels once. */
export function histograms<L extends string = never>(
  registry: Registry,
  options: MetricOptions<L> & { buckets: readonly number[] },
): Family<L, Distribution> {
  return family(registry, 'histogram', options, () => new Distribution(options.buckets));
}

/** A summary whose series are bound to their labels once. */
export function summaries<L extends string = never>(registry: Registry, options: MetricOptions<L>): Family<L, Ranking> {
  return family(registry, 'summary', options, () => new Ranking());
}

type Type = 'counter' | 'gauge' | 'histogram' | 'summary';
type Value = number | Count | Distribution | Ranking;

function family<L extends string, S extends Exclude<Value, number>>(
  registry: Registry,
  type: Type,
  options: MetricOptions<L>,
  make: () => S,
): Family<L, S> {
  const made = new Family<L, S>(options.labels ?? [], make);
  scraped(registry, { ...options, type, read: () => made.all() });
  return made;
}

/** A metric whose series are what `read` finds when somebody scrapes: for what is counted where it happens. */
export function scraped<L extends string = never>(
  registry: Registry,
  options: MetricOptions<L> & {
    type: Type;
    read: () => Iterable<{ labels: Labels<L>; value: Value }> | Promise<Iterable<{ labels: Labels<L>; value: Value }>>;
  },
): void {
  const { name, help, type, read } = options;
  // What prom-client's registry asks of a metric is its name and what it shows.
  const metric = {
    name,
    help,
    type,
    async get() {
      const values = [];
      for (const { labels, value } of await read()) values.push(...samples(name, labels, value));
      return { name, help, type, values, aggregator: 'sum' };
    },
    reset: () => undefined,
  };
  registry.registerMetric(metric as unknown as Metric);
}

interface Sample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

function samples(name: string, labels: Readonly<Record<string, string>>, value: Value): Sample[] {
  if (typeof value === 'number') return [{ metricName: name, labels, value }];
  if (value instanceof Count) return [{ metricName: name, labels, value: value.value }];
  const of = (suffix: string, shown: number) => ({ metricName: `${name}${suffix}`, labels, value: shown });
  if (value instanceof Ranking) {
    const ranks = quantiles.map((quantile) => ({
      metricName: name,
      labels: { ...labels, quantile },
      value: value.quantile(quantile),
    }));
    return [...ranks, of('_sum', value.sum), of('_count', value.count)];
  }
  let total = 0;
  const buckets = value.counts.map((count, i) => {
    total += count;
    const le = value.bounds[i] ?? '+Inf';
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: total };
  });
  return [...buckets, of('_sum', value.sum), of('_count', total)];
}
