import { type Distribution, scraped } from '@coracle/process/series';
import type { Registry as MetricsRegistry } from 'prom-client';
import { Utilization } from './utilization.ts';

const bounds = [0, 0.001, 0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1];

/** How many requests there are in some phase, by time, as a part of how many may be. */
export class RequestUse {
  readonly #use: Utilization;
  readonly #now: () => number;
  readonly #room: () => number;
  #count = 0;

  /** `now`: milliseconds of whichever clock; `room`: how many may be. */
  constructor(now: () => number, room: () => number) {
    this.#use = new Utilization(bounds, now());
    this.#now = now;
    this.#room = room;
  }

  enter(): void {
    this.#use.set(++this.#count, this.#room(), this.#now());
  }

  leave(): void {
    this.#use.set(--this.#count, this.#room(), this.#now());
  }

  observed(): Distribution {
    return this.#use.observed(this.#now());
  }
}

/** The phases that requests of a kind go through. */
interface PhaseUse {
  readonly waiting: RequestUse;
  readonly executing: RequestUse;
}

export interface RequestUses {
  readonly readOnly: PhaseUse;
  readonly mutating: PhaseUse;
}

/** Shows how many requests there were, reading or mutating, under upstream's name. */
export function observeRequestUse(metrics: MetricsRegistry, uses: RequestUses): void {
  scraped<string>(metrics, {
    name: 'apiserver_flowcontrol_read_vs_write_current_requests',
    help: 'Requests that waited or were worked on, an observation each nanosecond.',
    type: 'histogram',
    read: () =>
      (['readOnly', 'mutating'] as const).flatMap((kind) =>
        (['executing', 'waiting'] as const).map((phase) => ({
          labels: { phase, request_kind: kind },
          value: uses[kind][phase].observed(),
        })),
      ),
  });
}
