import type { PriorityLevelConfiguration } from '@coracle/api/types/flowcontrol/v1';
import { type LevelLimits, limitsOf, sharesOf, smooth } from './concurrency.ts';
import { QueueSet, type Queuing } from './queue-set.ts';
import { RetryAfter } from './retry-after.ts';
import type { DemandOfPeriod } from './seat-demand.ts';

/** Part of a level's seats that one request may take. */
const mostPart = 0.15;
/** By what part of a server's seats it is measured what is in use of a level that has none of its own. */
const measurePart = 0.1;

/** A PriorityLevelConfiguration in effect: its limits, its queues and who is in them. */
export class PriorityLevel {
  readonly name: string;
  readonly seats: QueueSet;
  readonly retryAfter = new RetryAfter();
  /** The object is gone; it stays while there are requests of it. */
  leaving = false;
  #configuration: PriorityLevelConfiguration;
  #limits: LevelLimits = { nominal: 0, least: 0, most: 0 };
  #smoothed = 0;
  #last: DemandOfPeriod = { average: 0, deviation: 0, high: 0 };
  #target = 0;
  #current = 0;
  #measure = 1;

  constructor(configuration: PriorityLevelConfiguration, now: () => number) {
    this.name = configuration.metadata.name!;
    this.seats = new QueueSet(now);
    this.#configuration = configuration;
    this.configure(configuration);
  }

  get uid(): string {
    return this.#configuration.metadata.uid ?? '';
  }

  get exempt(): boolean {
    return this.#configuration.spec.type === 'Exempt';
  }

  get shares(): number {
    return sharesOf(this.#configuration.spec);
  }

  /** Undefined where requests are not queued. */
  get queuing(): Required<Queuing> | undefined {
    const { queuing } = this.#configuration.spec.limited?.limitResponse ?? {};
    if (!queuing) return undefined;
    const { queues = 0, handSize = 0, queueLengthLimit = 0 } = queuing;
    return { queues, handSize, queueLengthLimit };
  }

  get limits(): LevelLimits {
    return this.#limits;
  }

  /** Seats it has now, lent and borrowed ones reckoned in; of an exempt level, those it is reckoned with. */
  get current(): number {
    return this.#current;
  }

  /** Seats a request may take at most; where requests are not queued that is not limited. */
  get widest(): number {
    const { queuing } = this;
    if (!queuing) return Number.POSITIVE_INFINITY;
    const { nominal } = this.#limits;
    return Math.max(1, Math.min(Math.ceil(nominal * mostPart), Math.floor(nominal / queuing.handSize)));
  }

  /** What was asked of it in the last period, by and large, and what it should have had. */
  get demand(): DemandOfPeriod & { readonly smoothed: number; readonly target: number } {
    return { ...this.#last, smoothed: this.#smoothed, target: this.#target };
  }

  get idle(): boolean {
    return this.seats.executing === 0 && this.seats.waiting === 0;
  }

  configure(configuration: PriorityLevelConfiguration): void {
    this.#configuration = configuration;
    this.seats.configure(this.queuing);
  }

  /** Its seats by its shares; how many of them it has is to be reckoned anew. */
  allot(serverSeats: number, shareSum: number): void {
    this.#limits = limitsOf(this.#configuration.spec, serverSeats, shareSum);
    this.#measure = Math.max(1, Math.round(serverSeats * measurePart));
  }

  /** Ends a period. */
  measure(now: number): void {
    this.#last = this.seats.demand.take(now);
    this.#smoothed = smooth(this.#smoothed, this.#last);
  }

  /** Seats it has from now on. */
  give(current: number, target: number): void {
    this.#current = current;
    this.#target = target;
    this.seats.setLimit(this.exempt ? Infinity : current, current || this.#measure);
  }
}
