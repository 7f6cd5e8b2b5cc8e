import { resourceName } from '@coracle/api/meta/status';
import { type MetricOptions, scraped } from '@coracle/process/series';
import type { Registry as MetricsRegistry } from 'prom-client';
import type { CacheCounts, SentEvents } from './cache-counts.ts';
import type { ResourceCache } from './resource-cache.ts';
import type { WatchHub } from './watch-hub.ts';

/** The watch caches there are now, and how far they have come. */
export interface Caches {
  readonly feed: { readonly revision: number };
  caches(): Iterable<{ readonly cache: ResourceCache; readonly hub: WatchHub }>;
}

type Read = (counts: CacheCounts, cache: ResourceCache) => number | CacheCounts['wait'];

/**
 * Shows what the watch caches count, under upstream's metric names: one series a resource, for as long as it is there. What is stored is what is
 * cached, so numbers and sizes of objects are those of the caches.
 */
export function observeCaches(metrics: MetricsRegistry, from: Caches): void {
  const define = (
    type: 'counter' | 'gauge' | 'histogram',
    name: string,
    help: string,
    read: Read,
    fixed: Readonly<Record<string, string>> = {},
  ) => {
    scraped<string>(metrics, {
      name,
      help,
      type,
      labels: ['group', 'resource', ...Object.keys(fixed)],
      read: () =>
        [...from.caches()].map(({ cache }) => ({
          labels: { ...namesOf(cache), ...fixed },
          value: read(cache.counts, cache),
        })),
    });
  };
  const counter = (name: string, help: string, read: Read, fixed?: Record<string, string>) =>
    define('counter', name, help, read, fixed);
  const gauge = (name: string, help: string, read: Read) => define('gauge', name, help, read);

  gauge('apiserver_resource_objects', 'Objects that are stored, by resource.', (_, cache) => cache.size);
  gauge(
    'apiserver_resource_size_estimate_bytes',
    'Bytes of the objects that are stored, in JSON.',
    (_, cache) => cache.bytes,
  );
  gauge('apiserver_watch_cache_resource_version', 'The revision the watch cache shows.', () => from.feed.revision);
  gauge('watch_cache_capacity', 'Changes the watch cache keeps at most.', (_, cache) => cache.history.capacity);

  const watchCache = 'apiserver_watch_cache';
  counter(`${watchCache}_initializations_total`, 'How often the watch cache was loaded.', (it) => it.initializations);
  counter(`${watchCache}_events_received_total`, 'Changes that reached the watch cache.', (it) => it.received);
  counter(`${watchCache}_events_dispatched_total`, 'Changes handed on to watches.', (it) => it.dispatched);
  define(
    'histogram',
    `${watchCache}_read_wait_seconds`,
    'Seconds reads waited for the watch cache to become fresh.',
    (it) => it.wait,
  );
  observeConsistentReads(metrics, from);
  counter('apiserver_init_events_total', 'Objects that watches began with.', (it) => it.initial);
  counter(
    'apiserver_terminated_watchers_total',
    'Watches ended because their clients did not keep up.',
    (it) => it.overrun,
  );

  const index = { index: '' };
  counter('apiserver_cache_list_total', 'Lists served from the watch cache.', (it) => it.lists.served, index);
  counter(
    'apiserver_cache_list_fetched_objects_total',
    'Objects that lists looked at in the watch cache.',
    (it) => it.lists.fetched,
    index,
  );
  counter(
    'apiserver_cache_list_returned_objects_total',
    'Objects that lists from the watch cache answered with.',
    (it) => it.lists.returned,
  );

  const stored = 'apiserver_storage';
  counter(`${stored}_list_total`, 'Lists read from the store.', (it) => it.stored.lists);
  counter(`${stored}_list_fetched_objects_total`, 'Objects that lists read from the store.', (it) => it.stored.fetched);
  counter(
    `${stored}_list_evaluated_objects_total`,
    'Objects read from the store that were held against a selector.',
    (it) => it.stored.evaluated,
  );
  counter(
    `${stored}_list_returned_objects_total`,
    'Objects that lists from the store answered with.',
    (it) => it.stored.returned,
  );
  counter(`${stored}_events_received_total`, 'Changes the store reported.', (it) => it.received);
  counter(`${stored}_decode_errors_total`, 'Objects in the store that could not be read.', (it) => it.undecodable);

  scraped(metrics, {
    name: 'apiserver_storage_objects',
    help: 'Objects that are stored; apiserver_resource_objects says the same with the group apart.',
    labels: ['resource'],
    type: 'gauge',
    read: () =>
      [...from.caches()].map(({ cache }) => ({
        labels: { resource: resourceName(namesOf(cache)) },
        value: cache.size,
      })),
  });
  observeWatches(metrics, from);
}

function observeConsistentReads(metrics: MetricsRegistry, from: Caches): void {
  scraped(metrics, {
    name: 'apiserver_watch_cache_consistent_read_total',
    help: 'Consistent reads from the watch cache. None falls back to the store.',
    labels: ['group', 'resource', 'success', 'fallback'],
    type: 'counter',
    *read() {
      for (const { cache } of from.caches()) {
        const { served, failed } = cache.counts.consistent;
        const labels = { ...namesOf(cache), fallback: 'false' };
        if (served > 0) yield { labels: { ...labels, success: 'true' }, value: served };
        if (failed > 0) yield { labels: { ...labels, success: 'false' }, value: failed };
      }
    },
  });
}

function observeWatches(metrics: MetricsRegistry, from: Caches): void {
  const define = (
    type: 'counter' | 'histogram',
    options: MetricOptions<never>,
    read: (sent: SentEvents) => number | SentEvents['sizes'],
  ) => {
    scraped(metrics, {
      ...options,
      labels: ['group', 'version', 'resource'],
      type,
      *read() {
        for (const { hub } of from.caches()) {
          for (const [kind, sent] of hub.sent) {
            yield { labels: { group: kind.group, version: kind.version, resource: kind.plural }, value: read(sent) };
          }
        }
      },
    });
  };
  define('counter', { name: 'apiserver_watch_events_total', help: 'Events sent to watches.' }, (sent) => sent.total);
  define(
    'histogram',
    { name: 'apiserver_watch_events_sizes', help: 'Bytes of the events sent to watches.' },
    (sent) => sent.sizes,
  );
}

function namesOf({ kind }: ResourceCache): { group: string; resource: string } {
  return { group: kind.group, resource: kind.plural };
}
