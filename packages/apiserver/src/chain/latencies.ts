/** What a request's time may go into, by the ends of the audit annotations that tell it (`apiserver.latency.k8s.io/etcd`). */
export type Layer =
  | 'apf-queue-wait'
  | 'authentication'
  | 'authorization'
  | 'decode-response-object'
  | 'etcd'
  | 'impersonation'
  | 'mutating-webhook'
  | 'response-write'
  | 'serialize-response-object'
  | 'transform-response-object'
  | 'validating-webhook';

/** How many milliseconds of a request went into which layer. */
export interface Latencies {
  add(layer: Layer, milliseconds: number): void;
  /** The time that something takes is the layer's, whether it succeeds or not. */
  time<T>(layer: Layer, work: Promise<T> | T): Promise<T>;
  /** Those that took time at all. */
  entries(): (readonly [Layer, number])[];
}

/** Of a request that is recorded. */
export class MeasuredLatencies implements Latencies {
  readonly #spent = new Map<Layer, number>();

  add(layer: Layer, milliseconds: number): void {
    this.#spent.set(layer, (this.#spent.get(layer) ?? 0) + milliseconds);
  }

  async time<T>(layer: Layer, work: Promise<T> | T): Promise<T> {
    const begun = performance.now();
    try {
      return await work;
    } finally {
      this.add(layer, performance.now() - begun);
    }
  }

  entries(): (readonly [Layer, number])[] {
    return [...this.#spent].filter(([, milliseconds]) => milliseconds > 0);
  }
}

/** Of a request of which nobody asks: most servers record none. */
export const unmeasured: Latencies = {
  add: () => undefined,
  time: (_, work) => Promise.resolve(work),
  entries: () => [],
};
