import { StatusError } from '@coracle/api/meta/status';
import type { Event as CoreEvent } from '@coracle/api/types/core/v1';
import type { Event } from '@coracle/api/types/events/v1';
import { TokenBucket } from '@coracle/client/rate-limit';
import type { AdmissionPlugin, Attributes } from '../plugin.ts';

export const limitTypes = ['Server', 'Namespace', 'User', 'SourceAndObject'] as const;

/** How many events a second there may be of one kind: of all, or of those that are alike in something. */
export interface EventLimit {
  readonly type: (typeof limitTypes)[number];
  /** On average. */
  readonly qps: number;
  /** At once. */
  readonly burst: number;
  /** Of how many namespaces, users or sources it is kept how many events they have sent; 0: the default. */
  readonly cacheSize: number;
}

const defaultCacheSize = 4096;

const keys: Readonly<Record<EventLimit['type'], (attributes: Attributes) => string>> = {
  Server: () => '',
  Namespace: ({ namespace }) => namespace,
  User: ({ user }) => user.name,
  SourceAndObject: sourceAndObject,
};

/**
 * EventRateLimit: refuses events beyond what the limits allow, so that they do not flood the store
 * (https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#eventratelimit). `now` gives milliseconds.
 */
export function eventRateLimit(limits: readonly EventLimit[], now?: () => number): AdmissionPlugin {
  const enforcers = limits.map((limit) => enforcer(limit, now));
  return {
    name: 'EventRateLimit',
    validate(attributes) {
      const { operation, group, resource, dryRun } = attributes;
      if (dryRun) return;
      if (resource !== 'events' || (group !== '' && group !== 'events.k8s.io')) return;
      if (operation !== 'CREATE' && operation !== 'UPDATE') return;
      // All are asked, also after one has refused: it counts in each.
      const refusals = enforcers.map((refusal) => refusal(attributes)).filter((each) => each !== undefined);
      const last = refusals.at(-1);
      if (last) throw last;
    },
  };
}

function enforcer({ type, qps, burst, cacheSize }: EventLimit, now?: () => number) {
  const size = type === 'Server' ? 1 : cacheSize || defaultCacheSize;
  const buckets = new Map<string, TokenBucket>();
  return (attributes: Attributes): StatusError | undefined => {
    const key = keys[type](attributes);
    const bucket = buckets.get(key) ?? new TokenBucket(qps, burst, now);
    // The one that was not asked for longest is the first, and is forgotten first.
    buckets.delete(key);
    buckets.set(key, bucket);
    for (const oldest of buckets.keys()) {
      if (buckets.size <= size) break;
      buckets.delete(oldest);
    }
    if (bucket.tryTake()) return undefined;
    const message = `Too many requests: limit reached on type ${type} for key ${key}`;
    return new StatusError({ code: 429, reason: 'TooManyRequests', message });
  };
}

function sourceAndObject({ object, group }: Attributes): string {
  const { source, about } = group === '' ? ofCoreEvent(object as CoreEvent) : ofEvent(object as Event);
  return [...source, about?.kind, about?.namespace, about?.name, about?.uid, about?.apiVersion].join('');
}

function ofCoreEvent({ source, involvedObject }: CoreEvent) {
  return { source: [source?.component, source?.host], about: involvedObject };
}

function ofEvent({ reportingController, reportingInstance, regarding }: Event) {
  return { source: [reportingController, reportingInstance], about: regarding };
}
