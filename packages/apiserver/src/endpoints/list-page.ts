import { badRequest, expired, resourceVersionTooLarge } from '@coracle/api/meta/status';
import type { ListMeta } from '@coracle/api/types/meta/v1';
import type { Latencies } from '../chain/latencies.ts';
import type { Registry } from '../registry/registry.ts';
import type { Resource } from '../registry/resource.ts';
import { CachedObject } from '../storage/cached-object.ts';
import { storeFailure } from '../storage/failures.ts';
import { Filter } from '../storage/filter.ts';
import { CompactedError, FutureRevisionError } from '../storage/store.ts';
import { decodeContinue, encodeContinue, expiredContinue, type ReadContinuation } from './continue-token.ts';
import type { ListOptions } from './list-options.ts';

/** What a list answers: the objects of one page, all as of one revision. */
export interface Page {
  objects: CachedObject[];
  metadata: ListMeta;
}

const storePageSize = 500;
/** How long a read of a revision the caches have not seen yet may wait for it, in milliseconds; as upstream. */
const futureTimeout = 3_000;

/** Reads what a list asks for: from the watch cache, or for revisions of the past from the store. */
export async function readPage(
  registry: Registry,
  resource: Resource,
  options: ListOptions,
  latencies: Latencies,
): Promise<Page> {
  if (options.continue !== '') {
    const token = decodeContinue(options.continue);
    if (options.resourceVersion !== '' && options.resourceVersion !== '0') {
      throw badRequest('specifying resource version is not allowed when using continue');
    }
    // Who takes whatever there is gets the rest whole.
    const rest = options.resourceVersion === '0' ? { ...options, limit: 0 } : options;
    if (token.revision > 0) return exactPage(registry, resource, rest, token.revision, token);
    await latencies.time('etcd', registry.freshFor(resource.cache));
    return cachePage(registry, resource, options, token.start);
  }
  const { revision } = options;
  if (revision === undefined) await latencies.time('etcd', registry.freshFor(resource.cache));
  else if (revision > 0) {
    const exact =
      options.resourceVersionMatch === 'Exact' || (options.resourceVersionMatch === '' && options.limit > 0);
    if (exact) return exactPage(registry, resource, options, revision);
    await notOlderThan(registry, revision, options.resourceVersion);
  }
  // A list of whatever there is ("0") is served whole, limit or not.
  return cachePage(registry, resource, revision === 0 ? { ...options, limit: 0 } : options);
}

/** Waits until the caches have seen a revision a client names, as `asked`; throws the 504 for revisions that do not exist yet. */
export async function notOlderThan(registry: Registry, revision: number, asked: string): Promise<void> {
  if (revision <= registry.feed.revision) return;
  if (!(await registry.feed.reached(revision, futureTimeout)))
    throw resourceVersionTooLarge(asked, registry.feed.revision);
}

async function cachePage(registry: Registry, resource: Resource, options: ListOptions, from = ''): Promise<Page> {
  const { filter, limit } = options;
  await prepareFor(filter, () => resource.cache.list(new Filter(filter.kind, filter.namespace)));
  resource.cache.refuseUnreadable(filter);
  const found = resource.cache.serve(filter, fromKey(filter.namespace, from));
  const page = pageOf(found, found.length, limit, registry.feed.revision, options);
  resource.cache.counts.lists.returned += page.objects.length;
  return page;
}

/** Selectors of fields look at objects in the form of the version they were asked for. */
function prepareFor(filter: Filter, objects: () => CachedObject[]): Promise<void> | undefined {
  return filter.looksInside && filter.kind.dynamic?.convertMany
    ? CachedObject.prepare(objects(), filter.kind)
    : undefined;
}

async function exactPage(
  registry: Registry,
  resource: Resource,
  options: ListOptions,
  revision: number,
  token?: ReadContinuation,
): Promise<Page> {
  const { filter, limit } = options;
  if (revision > registry.feed.revision)
    await notOlderThan(registry, revision, token?.asked ?? options.resourceVersion);
  const { cache } = resource;
  if (cache.lastChange <= revision) {
    await prepareFor(filter, () => cache.list(new Filter(filter.kind, filter.namespace)));
    cache.refuseUnreadable(filter);
    const found = cache.serve(filter, fromKey(filter.namespace, token?.start ?? ''));
    const page = pageOf(found, found.length, limit, revision, options);
    cache.counts.lists.returned += page.objects.length;
    return page;
  }
  const found: CachedObject[] = [];
  const { stored } = cache.counts;
  const prefix = filter.namespace === '' ? cache.prefix : `${cache.prefix}${filter.namespace}/`;
  let from = prefix + (token?.start ?? '');
  let left = 0;
  try {
    for (;;) {
      const page = await registry.store.list(prefix, { from, revision, limit: storePageSize });
      const objects = page.entries.map((entry) => resource.fromEntry(entry));
      await prepareFor(filter, () => objects);
      for (const object of objects) if (filter.matches(object)) found.push(object);
      stored.fetched += objects.length;
      if (!filter.all) stored.evaluated += objects.length;
      left = page.count - page.entries.length;
      const last = page.entries.at(-1);
      if (!last || left <= 0 || (limit > 0 && found.length > limit)) break;
      from = `${last.key}\0`;
    }
  } catch (error) {
    if (error instanceof CompactedError) {
      throw token ? expiredContinue(token.start) : expired('The resourceVersion for the provided list is too old.');
    }
    if (error instanceof FutureRevisionError) throw resourceVersionTooLarge(revision, registry.feed.revision);
    throw storeFailure(error, true);
  }
  const page = pageOf(found, found.length + left, limit, revision, options);
  stored.lists++;
  stored.returned += page.objects.length;
  return page;
}

function pageOf(found: CachedObject[], total: number, limit: number, revision: number, options: ListOptions): Page {
  const metadata: ListMeta = { resourceVersion: String(revision) };
  if (limit <= 0 || found.length <= limit) return { objects: found, metadata };
  const objects = found.slice(0, limit);
  const { namespace, all } = options.filter;
  const last = objects.at(-1)!.key;
  const start = `${namespace === '' ? last : last.slice(namespace.length + 1)}\0`;
  metadata.continue = encodeContinue({ start, revision });
  // What a selector leaves out is not counted, so the rest is known only without one.
  if (all) metadata.remainingItemCount = total - limit;
  return { objects, metadata };
}

function fromKey(namespace: string, start: string): string {
  return start === '' || namespace === '' ? start : `${namespace}/${start}`;
}
