import type { Event } from '@coracle/api/types/core/v1';
import { TokenBucket } from './rate-limit.ts';

/** Similar events (same but for the message) within this time are counted together … */
const aggregateSeconds = 600;
/** … from this many on. */
const aggregateFrom = 10;
/** Events one source may write about one object at once, and after that one in five minutes. */
const spamBurst = 25;
const spamQps = 1 / 300;
const cacheSize = 4096;

/** What to write for an event that happened: a new one, a change to one written before, or nothing. */
export type Correlated = { write: 'create'; event: Event } | { write: 'patch'; event: Event } | { write: 'skip' };

interface Observation {
  count: number;
  firstTimestamp: string | undefined;
  name: string;
  resourceVersion: string | undefined;
}

/** Keeps event writers from flooding the server, as upstream's: counts repetitions, combines similar events, drops spam. */
export class EventCorrelator {
  readonly #similar = new Lru<{ messages: Set<string>; last: number }>();
  readonly #seen = new Lru<Observation>();
  readonly #spam = new Lru<TokenBucket>();
  readonly #now: () => number;

  /** `now` gives milliseconds; tests pass their own. */
  constructor(now: () => number = () => Date.now()) {
    this.#now = now;
  }

  correlate(event: Event): Correlated {
    const { aggregated, key } = this.#aggregate(event);
    const seen = this.#seen.get(key);
    const counted = seen
      ? {
          ...aggregated,
          metadata: { ...aggregated.metadata, name: seen.name, resourceVersion: seen.resourceVersion },
          firstTimestamp: seen.firstTimestamp,
          count: seen.count + 1,
        }
      : aggregated;
    this.#seen.set(key, observationOf(counted));
    if (this.#isSpam(counted)) return { write: 'skip' };
    return { write: seen ? 'patch' : 'create', event: counted };
  }

  /** Remembers what the server answered, so that the next repetition changes that object. */
  written(event: Event): void {
    const key = fullKey(event);
    this.#seen.set(key, observationOf(event));
  }

  #aggregate(event: Event): { aggregated: Event; key: string } {
    const group = similarKey(event);
    const now = this.#now();
    const known = this.#similar.get(group);
    const record =
      known && now - known.last <= aggregateSeconds * 1000 ? known : { messages: new Set<string>(), last: now };
    record.messages.add(event.message ?? '');
    record.last = now;
    this.#similar.set(group, record);
    if (record.messages.size < aggregateFrom) return { aggregated: event, key: fullKey(event) };
    // The set must not grow with every new message; which one leaves does not matter.
    record.messages.delete(record.messages.values().next().value!);
    return { aggregated: { ...event, message: `${combinedPrefix}${event.message}` }, key: group };
  }

  #isSpam(event: Event): boolean {
    const key = objectKey(event);
    const bucket = this.#spam.get(key) ?? new TokenBucket(spamQps, spamBurst, this.#now);
    this.#spam.set(key, bucket);
    return !bucket.tryTake();
  }
}

const combinedPrefix = '(combined from similar events): ';

const observationOf = (event: Event): Observation => ({
  count: event.count ?? 1,
  firstTimestamp: event.firstTimestamp,
  name: event.metadata.name!,
  resourceVersion: event.metadata.resourceVersion,
});

const join = (...parts: (string | undefined)[]): string => parts.map((part) => part ?? '').join('\n');

function objectKey({ source, involvedObject: about }: Event): string {
  return join(source?.component, source?.host, about.kind, about.namespace, about.name, about.uid, about.apiVersion);
}

const similarKey = (event: Event): string =>
  join(
    objectKey(event),
    event.type,
    event.reason,
    event.reportingComponent,
    event.reportingInstance,
    event.involvedObject.fieldPath,
  );

/** Combined events are known by their group, the others by their message too. */
const fullKey = (event: Event): string =>
  event.message?.startsWith(combinedPrefix) ? similarKey(event) : join(similarKey(event), event.message);

/** A map that forgets the least recently used beyond its size. */
class Lru<V> {
  readonly #entries = new Map<string, V>();

  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, value);
    }
    return value;
  }

  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > cacheSize) this.#entries.delete(this.#entries.keys().next().value!);
  }
}
