import { setTimeout as delay } from 'node:timers/promises';
import type { AnyKind, Kind, KubeObject } from '@coracle/api/kind';
import type { Selector } from '@coracle/api/meta/labels';
import { timeoutError } from '@coracle/api/meta/status';
import { Scheme } from '@coracle/api/scheme';
import type { Distribution } from '@coracle/process/series';
import { apiServerUser } from '../chain/user.ts';
import type { CachedObject } from '../storage/cached-object.ts';
import { storeFailure } from '../storage/failures.ts';
import { Feed, type FeedLog } from '../storage/feed.ts';
import { Filter } from '../storage/filter.ts';
import { FreshRevision } from '../storage/fresh-revision.ts';
import type { HistoryBounds } from '../storage/history.ts';
import { prefixOf, relativeKey, storageKind } from '../storage/keys.ts';
import { ResourceCache } from '../storage/resource-cache.ts';
import type { Store } from '../storage/store.ts';
import { WatchHub } from '../storage/watch-hub.ts';
import type { Change, ObjectAccess, OwnWriteOptions } from './access.ts';
import type { Write } from './admission.ts';
import { applied } from './field-management.ts';
import { fieldVersions } from './field-versions.ts';
import { LazyChange } from './lazy-change.ts';
import { Resource } from './resource.ts';
import { type HookTable, resourceKey } from './strategy.ts';

export interface RegistryOptions {
  store: Store;
  scheme: Scheme;
  /** Which of these kinds requests can reach; the server itself has them all. All by default. */
  isServed?: (kind: AnyKind) => boolean;
  /** What is special about resources; a function where hooks need the server's objects from the start (allocators). */
  hooks?: HookTable | ((objects: ObjectAccess) => HookTable);
  log: FeedLog;
  /** How much watch history a resource keeps. */
  history?: HistoryBounds;
  /** Milliseconds between bookmarks. */
  bookmarkPeriod?: number;
  /** Seconds that events live; upstream's --event-ttl. */
  eventTtlSeconds?: number;
  /** How long a consistent read waits for the caches, in milliseconds. */
  readTimeout?: number;
}

/** A part of the server that works on the caches. */
export interface Follower {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Watches are ended so many milliseconds apart, and at least so many at a time: 200 a second. */
const endingStep = 50;
const fewestEnded = 10;

/** All resources over one store, and the server's own access to them. */
export class Registry implements ObjectAccess {
  readonly scheme: Scheme;
  readonly store: Store;
  readonly feed: Feed;
  readonly hooks: HookTable;
  readonly #options: RegistryOptions;
  readonly #resources = new Map<AnyKind, Resource>();
  readonly #shared = new Map<string, { cache: ResourceCache; hub: WatchHub }>();
  readonly #fresh: FreshRevision;
  readonly #kindListeners: (() => void)[] = [];
  readonly #followers: Follower[] = [];
  /** What a listener was given last. */
  #lastDecoded: { kind: AnyKind; from: CachedObject; object: KubeObject } | undefined;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.scheme = new Scheme([...options.scheme].filter(options.isServed ?? (() => true)));
    this.store = options.store;
    this.hooks = typeof options.hooks === 'function' ? options.hooks(this) : (options.hooks ?? {});
    this.feed = new Feed(options.store, options.log);
    this.#fresh = new FreshRevision(() => options.store.revision());
    for (const kind of options.scheme) if (isStored(kind)) this.#add(kind);
  }

  /** Loads the watch caches and keeps them up to date; resolves when they are loaded, and the parts that follow them have started. */
  async start(): Promise<void> {
    await this.feed.start();
    await Promise.all(this.#followers.map((part) => part.start()));
  }

  /** Lets a part of the server start when the caches are loaded, and stop before them. Before `start`. */
  follow(part: Follower): void {
    this.#followers.push(part);
  }

  /** Ends the watches that are open now, evenly over `period` milliseconds, or sooner where they are few. */
  async endWatches(period: number): Promise<void> {
    const hubs = [...this.#shared.values()].map(({ hub }) => hub);
    const watches = hubs.reduce((sum, hub) => sum + hub.size, 0);
    const rounds = Math.max(1, Math.floor(period / endingStep));
    const perRound = Math.max(fewestEnded, watches / rounds);
    let ended = 0;
    for (let round = 1; round <= rounds && ended < watches; round++) {
      await delay(endingStep);
      const due = Math.ceil(perRound * round);
      for (const hub of hubs) ended += hub.endSome(due - ended);
    }
  }

  /** Ends all watches and stops following the store. Does not close the store. */
  async stop(): Promise<void> {
    for (const { hub } of this.#shared.values()) hub.close();
    // Together: what a part waits for may be what the feed will never bring.
    await Promise.all([this.feed.stop(), ...this.#followers.map((part) => part.stop())]);
  }

  /** Calls back whenever kinds have come or gone. */
  onKinds(listener: () => void): void {
    this.#kindListeners.push(listener);
  }

  /**
   * Begins to serve kinds that share one place in the store, in place of those given, whose watches end. Resolves when their objects are loaded
   * and requests reach them; until then those they replace are served. Rejects where the store cannot be read.
   */
  async install(kinds: readonly AnyKind[], storage: AnyKind, replaced: readonly AnyKind[] = []): Promise<void> {
    const cache = new ResourceCache(storage, this.#options.history);
    await this.feed.join(cache, () => {
      const former = this.#forget(replaced, cache.prefix);
      const hub = new WatchHub(cache, this.feed, this.#options.bookmarkPeriod);
      // Requests that are under way with the kinds before go on with the new cache: the old one hears of nothing any more.
      const shared = Object.assign(this.#shared.get(cache.prefix) ?? {}, { cache, hub });
      this.#shared.set(cache.prefix, shared);
      for (const kind of kinds) {
        this.scheme.add(kind);
        this.#resources.set(kind, this.#resource(kind, shared));
      }
      // What stores them need not be served itself, but is what the server reads and deletes them by.
      if (!kinds.includes(storage)) this.#resources.set(storage, this.#resource(storage, shared));
      former?.close();
      for (const listener of this.#kindListeners) listener();
    });
  }

  /** Whether a built-in kind has the names of this one, or its place in the store: then that one is served. */
  isTaken(kind: AnyKind): boolean {
    const named = [this.scheme.resource(kind.apiVersion, kind.plural), this.scheme.kind(kind.apiVersion, kind.kind)];
    const stored = this.#shared.get(prefixOf(kind))?.cache.kind;
    return [...named, stored].some((each) => each !== undefined && !each.dynamic);
  }

  /** Serves kinds no more. Their watches end. */
  uninstall(kinds: readonly AnyKind[], storage: AnyKind): void {
    const prefix = prefixOf(storage);
    const cache = this.#shared.get(prefix)?.cache;
    this.#forget([...kinds, storage], prefix)?.close();
    this.#shared.delete(prefix);
    if (cache) this.feed.leave(cache);
    for (const listener of this.#kindListeners) listener();
  }

  #forget(kinds: readonly AnyKind[], prefix: string): WatchHub | undefined {
    for (const kind of kinds) {
      if (this.scheme.resource(kind.apiVersion, kind.plural) === kind) this.scheme.remove(kind);
      this.#resources.delete(kind);
    }
    return this.#shared.get(prefix)?.hub;
  }

  /** The resource of a stored kind; undefined for kinds that are only ever bodies (reviews, bindings). */
  find(kind: AnyKind): Resource | undefined {
    return this.#resources.get(kind);
  }

  of(kind: AnyKind): Resource {
    const resource = this.#resources.get(kind);
    if (!resource) throw new Error(`${kind.apiVersion} ${kind.plural} are not stored`);
    return resource;
  }

  get resources(): Iterable<Resource> {
    return this.#resources.values();
  }

  /** The watch caches, one a stored resource. */
  caches(): Iterable<{ readonly cache: ResourceCache; readonly hub: WatchHub }> {
    return this.#shared.values();
  }

  /** As `fresh`, for a client's read of a resource: it is counted. */
  async freshFor({ counts }: ResourceCache): Promise<void> {
    try {
      await this.fresh(counts.wait);
      counts.consistent.served++;
    } catch (error) {
      counts.consistent.failed++;
      throw error;
    }
  }

  /** Waits until the caches hold everything written before this call; throws when the store or the caches do not keep up. */
  async fresh(wait?: Distribution): Promise<number> {
    const known = this.feed.revision;
    let revision: number;
    try {
      revision = await this.#fresh.get();
    } catch (error) {
      throw storeFailure(error, true);
    }
    if (revision < known) this.feed.reload(revision);
    const begun = performance.now();
    await this.#seen(revision);
    wait?.observe((performance.now() - begun) / 1000);
    return revision;
  }

  /** Waits until the caches have seen a revision. */
  async #seen(revision: number): Promise<void> {
    if (await this.feed.reached(revision, this.#options.readTimeout ?? 10_000)) return;
    throw timeoutError(`the watch cache has not reached revision ${revision}; it is at ${this.feed.revision}`, 1);
  }

  cached<T extends KubeObject>(kind: Kind<T>, name: string, namespace?: string): T | undefined {
    return this.of(kind).cache.get(relativeKey(name, namespace))?.decode(kind) as T | undefined;
  }

  async lookUp<T extends KubeObject>(kind: Kind<T>, name: string, namespace?: string): Promise<T | undefined> {
    return this.cached(kind, name, namespace) ?? (await this.get(kind, name, namespace));
  }

  cachedList<T extends KubeObject>(kind: Kind<T>, namespace?: string, selector?: Selector): T[] {
    const found = this.of(kind).cache.list(new Filter(kind, namespace ?? '', selector));
    return found.map((each) => each.decode(kind) as T);
  }

  async list<T extends KubeObject>(kind: Kind<T>, namespace?: string, selector?: Selector): Promise<T[]> {
    await this.fresh();
    return this.cachedList(kind, namespace, selector);
  }

  onChange<T extends KubeObject>(kind: Kind<T>, handler: (change: Change<T>) => void): () => void {
    const { cache } = this.of(kind);
    const decoded = (object: CachedObject) => this.#decoded(kind, object) as T;
    const known = new Map<string, CachedObject>();
    const present = (object: CachedObject, decode = decoded) => {
      const before = known.get(object.key);
      if (before?.revision === object.revision) return;
      known.set(object.key, object);
      handler({ type: before ? 'updated' : 'added', object: decode(object) });
    };
    const gone = (object: CachedObject) => {
      known.delete(object.key);
      handler({ type: 'deleted', object: decoded(object) });
    };
    for (const object of cache.list(new Filter(kind, ''))) present(object);
    return cache.listen({
      changed: (events) => {
        for (const { type, object, previous } of events) {
          if (type === 'DELETED') gone(object);
          else {
            known.set(object.key, object);
            handler(new LazyChange(object, previous, decoded));
          }
        }
      },
      ...(kind === cache.kind && {
        loading: (object: CachedObject, shared: KubeObject) => present(object, () => shared as T),
      }),
      reloaded: (removed, now) => {
        for (const object of removed) gone(object);
        for (const object of now) present(object);
        if (known.size === now.length) return;
        // Gone again before a first load that was begun twice had come to its end.
        const left = new Set(now.map(({ key }) => key));
        for (const object of [...known.values()]) if (!left.has(object.key)) gone(object);
      },
    });
  }

  /** An object for listeners, which share it: most that follow a kind are told of the same object one after the other. */
  #decoded(kind: AnyKind, object: CachedObject): KubeObject {
    const last = this.#lastDecoded;
    if (last?.from === object && last.kind === kind) return last.object;
    const decoded = object.decode(kind);
    this.#lastDecoded = { kind, from: object, object: decoded };
    return decoded;
  }

  async get<T extends KubeObject>(kind: Kind<T>, name: string, namespace?: string): Promise<T | undefined> {
    try {
      return (await this.of(kind).live(relativeKey(name, namespace)))?.decode(kind) as T | undefined;
    } catch (error) {
      throw storeFailure(error);
    }
  }

  async create<T extends KubeObject>(kind: Kind<T>, object: T, options: OwnWriteOptions = {}): Promise<T> {
    const draft = structuredClone(object);
    kind.defaults?.(draft);
    return (await this.of(kind).create(draft, ownWrite(options))).decode(kind) as T;
  }

  async update<T extends KubeObject>(
    kind: Kind<T>,
    name: string,
    namespace: string | undefined,
    change: (current: T) => T | undefined | Promise<T | undefined>,
    options: OwnWriteOptions & { subresource?: string } = {},
  ): Promise<T> {
    const makeNew = (current: KubeObject | undefined) => (current ? change(current as T) : undefined);
    return (await this.of(kind).update(name, namespace ?? '', makeNew, ownWrite(options))).object.decode(kind) as T;
  }

  async apply<T extends KubeObject>(
    kind: Kind<T>,
    name: string,
    namespace: string | undefined,
    wanted: (current: T) => KubeObject | undefined,
    options: OwnWriteOptions & { subresource?: string },
  ): Promise<T> {
    const write = { ...ownWrite(options), applied: true };
    const { versions } = this.of(kind);
    const makeNew = (current: KubeObject | undefined) => {
      const layer = current && wanted(current as T);
      const whole = layer && { apiVersion: kind.apiVersion, kind: kind.kind, ...layer };
      return whole && applied(kind, current, whole, write, true, versions);
    };
    return (await this.of(kind).update(name, namespace ?? '', makeNew, write)).object.decode(kind) as T;
  }

  async delete<T extends KubeObject>(
    kind: Kind<T>,
    name: string,
    namespace?: string,
    options: Parameters<ObjectAccess['delete']>[3] = {},
  ): Promise<void> {
    const { dryRun, ...deleteOptions } = options;
    await this.of(kind).delete(name, namespace ?? '', deleteOptions, ownWrite(dryRun === undefined ? {} : { dryRun }));
  }

  #add(kind: AnyKind): void {
    const prefix = prefixOf(kind);
    let shared = this.#shared.get(prefix);
    if (!shared) {
      const cache = new ResourceCache(storageKind(kind), this.#options.history);
      shared = { cache, hub: new WatchHub(cache, this.feed, this.#options.bookmarkPeriod) };
      this.#shared.set(prefix, shared);
      this.feed.add(cache);
    }
    this.#resources.set(kind, this.#resource(kind, shared));
  }

  #resource(kind: AnyKind, shared: { cache: ResourceCache; hub: WatchHub }): Resource {
    const isEvent = shared.cache.prefix === '/registry/events/';
    return new Resource(kind, {
      versions: fieldVersions(kind, (apiVersion) => this.scheme.kind(apiVersion, kind.kind)),
      get cache() {
        return shared.cache;
      },
      get hub() {
        return shared.hub;
      },
      store: this.store,
      hooks: this.hooks[resourceKey(kind)] ?? {},
      objects: this,
      seen: () => this.feed.revision,
      fresh: async () => {
        await this.freshFor(shared.cache);
      },
      ttlSeconds: isEvent ? (this.#options.eventTtlSeconds ?? 3600) : undefined,
    });
  }
}

/** Whether a kind's objects are kept: they can at least be read back. */
export function isStored(kind: AnyKind): boolean {
  return kind.verbs.includes('get') && !kind.isComputed;
}

/** A write of the server itself: no admission, recorded under its own name. */
function ownWrite({
  subresource = '',
  dryRun = false,
  fieldManager = 'kube-apiserver',
}: OwnWriteOptions & { subresource?: string }): Write {
  return {
    user: apiServerUser,
    dryRun,
    options: {},
    fieldManager,
    plugins: [],
    subresource,
    warn: () => undefined, // nobody to warn
    annotate: () => undefined, // no audit event to annotate
  };
}
