import { scheme } from '@coracle/api/builtin';
import { type Count, counters, type Distribution, histograms, scraped } from '@coracle/process/series';
import type { Registry } from 'prom-client';
import type { EtcdStore } from './etcd-store.ts';
import { prefixOf, root } from './keys.ts';
import type { Store } from './store.ts';

const durations = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];

interface Operation {
  readonly requests: Count;
  readonly duration: Distribution;
  readonly errors: () => Count;
}

/** Counts and times what is asked of etcd, and shows the size of its database, under upstream's metric names. */
export function measuredStore(store: EtcdStore, metrics: Registry): Store {
  const labels = ['operation', 'group', 'resource'] as const;
  const requests = counters(metrics, { name: 'etcd_requests_total', help: 'Requests to etcd, by resource.', labels });
  const errors = counters(metrics, {
    name: 'etcd_request_errors_total',
    help: 'Requests to etcd that failed, by resource.',
    labels,
  });
  const duration = histograms(metrics, {
    name: 'etcd_request_duration_seconds',
    help: 'Seconds a request to etcd took, by resource.',
    labels,
    buckets: durations,
  });
  const uses = histograms(metrics, {
    name: 'etcd_lease_object_counts',
    help: 'Objects that live by one lease of etcd, when the next one is taken.',
    buckets: [10, 50, 100, 500, 1000, 2500, 5000],
  }).of({});
  store.onLeaseFull = (objects) => uses.observe(objects);
  scraped(metrics, {
    name: 'apiserver_storage_size_bytes',
    help: 'Bytes the database of each member of etcd takes on its disk.',
    labels: ['storage_cluster_id'],
    type: 'gauge',
    read: async () =>
      (await store.sizes()).flatMap((value, i) =>
        value === undefined ? [] : [{ labels: { storage_cluster_id: `etcd-${i}` }, value }],
      ),
  });

  const known = new Map<string, Operation>();
  const operationOf = (operation: string, key: string): Operation => {
    const place = placeOf(key);
    const id = `${operation} ${place}`;
    let series = known.get(id);
    if (!series) {
      const bound = { operation, ...namesOf(place) };
      series = { requests: requests.of(bound), duration: duration.of(bound), errors: () => errors.of(bound) };
      known.set(id, series);
    }
    return series;
  };
  async function measured<T>(operation: string, key: string, run: () => Promise<T>): Promise<T> {
    const series = operationOf(operation, key);
    const begun = performance.now();
    try {
      return await run();
    } catch (error) {
      series.errors().inc();
      throw error;
    } finally {
      series.requests.inc();
      series.duration.observe((performance.now() - begun) / 1000);
    }
  }
  return {
    get: (key) => measured('get', key, () => store.get(key)),
    list: (prefix, range) => measured('list', prefix, () => store.list(prefix, range)),
    put: (key, value, expected, ttl) =>
      measured(expected === 0 ? 'create' : 'update', key, () => store.put(key, value, expected, ttl)),
    delete: (key, expected) => measured('delete', key, () => store.delete(key, expected)),
    revision: () => measured('get', root, () => store.revision()),
    watch: (revision, signal) => store.watch(revision, signal),
    compact: (revision) => store.compact(revision),
    close: () => store.close(),
  };
}

/** What of a key says which resource it is of: the first segment below the root, or the first two. */
function placeOf(key: string): string {
  const first = key.indexOf('/', root.length);
  if (first < 0) return key.slice(root.length);
  const one = key.slice(root.length, first);
  if (!one.includes('.') && one !== 'services') return one;
  const second = key.indexOf('/', first + 1);
  return second < 0 ? one : key.slice(root.length, second);
}

let places: Map<string, { group: string; resource: string }> | undefined;

/** The group and plural of what is at a place; of what is no kind (leases of servers) the place itself. */
function namesOf(place: string): { group: string; resource: string } {
  places ??= new Map(
    [...scheme].map((kind) => [
      prefixOf(kind).slice(root.length, -1),
      { group: kind.storedAs?.kind().group ?? kind.group, resource: kind.plural },
    ]),
  );
  const builtIn = places.get(place);
  if (builtIn) return builtIn;
  const [group = '', resource] = place.split('/');
  return resource === undefined ? { group: '', resource: group } : { group, resource };
}
