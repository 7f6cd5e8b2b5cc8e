import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { root } from './keys.ts';
import type { ResourceCache } from './resource-cache.ts';
import {
  CompactedError,
  FutureRevisionError,
  type ListRange,
  type Store,
  type StoredEntry,
  type StoreEvent,
} from './store.ts';

const pageSize = 1_000;
/** After so many objects others get their turn. */
const turnSize = 100;

/** How long a cache that joins waits for the feed at a time, in milliseconds. */
const joinPatience = 1_000;

interface Joining {
  readonly cache: ResourceCache;
  events: StoreEvent[];
  /** The feed was loaded anew meanwhile: what lay between is not known. */
  isStale: boolean;
}

/** A cache's place below the root: `pods`, `example.com/widgets`. */
const nameOf = (cache: ResourceCache): string => cache.prefix.slice(root.length, -1);

const behind = 'the store is behind the watch cache, as after a restore; loading anew';

/** Tells the operator what happens to the feed; `warn` gets a constant message and its details. */
export interface FeedLog {
  warn(message: string, details: Record<string, unknown>): void;
}

/**
 * Keeps all watch caches at one revision: loads them once, then follows one watch on the store's whole key space, so that every
 * revision is soon seen, whichever key it touched. Survives the store's absence; loads anew when history was compacted away, or
 * when the store was restored to an earlier state.
 */
export class Feed {
  readonly #store: Store;
  readonly #log: FeedLog;
  readonly #caches = new Map<string, ResourceCache>();
  /** Caches that are being loaded; what happens to them meanwhile is kept. */
  readonly #joining = new Map<string, Joining>();
  readonly #stop = new AbortController();
  readonly #waiters = new Set<{ revision: number; resolve: () => void }>();
  #revision = 0;
  #running: Promise<void> | undefined;
  #ready = Promise.withResolvers<void>();
  /** Aborts the watch in order to load anew. */
  #again = new AbortController();

  constructor(store: Store, log: FeedLog) {
    this.#store = store;
    this.#log = log;
  }

  /** Adds a cache; before `start`. */
  add(cache: ResourceCache): void {
    this.#listenTo(cache);
    this.#caches.set(nameOf(cache), cache);
  }

  /**
   * Adds a cache while the feed runs, in place of the one of the same prefix: loads it, follows what happens meanwhile, and calls `live` at the
   * moment from which on it is at the feed's revision. Rejects where the store cannot be read, and when the feed stops.
   */
  async join(cache: ResourceCache, live: () => void): Promise<void> {
    const name = nameOf(cache);
    this.#listenTo(cache);
    const joining: Joining = { cache, events: [], isStale: false };
    this.#joining.set(name, joining);
    try {
      let revision: number;
      do {
        joining.isStale = false;
        joining.events = [];
        cache.beginLoading();
        revision = await this.#read(cache.prefix, (entry) => cache.load(entry));
        while (!(await this.reached(revision, joinPatience))) this.#stop.signal.throwIfAborted();
      } while (joining.isStale);
      if (this.#joining.get(name) !== joining) return; // another one took its place
      cache.loaded(revision);
      const later = joining.events.filter((event) => event.revision > revision);
      if (later.length > 0) cache.apply(later);
      this.#caches.set(name, cache);
      live();
    } finally {
      if (this.#joining.get(name) === joining) this.#joining.delete(name);
    }
  }

  /** Follows a cache no more. */
  leave(cache: ResourceCache): void {
    const name = nameOf(cache);
    if (this.#caches.get(name) === cache) this.#caches.delete(name);
    if (this.#joining.get(name)?.cache === cache) this.#joining.delete(name);
  }

  get caches(): Iterable<ResourceCache> {
    return this.#caches.values();
  }

  /** Every change up to this revision is in the caches. */
  get revision(): number {
    return this.#revision;
  }

  /** Whether the caches have been loaded. */
  get loaded(): boolean {
    return this.#revision > 0;
  }

  /** Begins to load and follow. Resolves when all caches are loaded. */
  start(): Promise<void> {
    this.#running ??= this.#run();
    return this.#ready.promise;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    for (const waiter of this.#waiters) waiter.resolve();
  }

  /** Waits until the caches have seen a revision; false when they have not within `timeout` milliseconds. */
  reached(revision: number, timeout: number): Promise<boolean> | boolean {
    if (this.#revision >= revision) return true;
    return new Promise((resolve) => {
      const waiter = {
        revision,
        resolve: () => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          resolve(this.#revision >= revision);
        },
      };
      const timer = setTimeout(waiter.resolve, timeout);
      this.#waiters.add(waiter);
    });
  }

  /** The store was found at an earlier revision than the caches have seen (it was restored): loads them anew. */
  reload(revision: number): void {
    if (revision >= this.#revision) return;
    this.#log.warn(behind, { store: revision, cache: this.#revision });
    this.#again.abort();
  }

  /** Another way to read what is stored has come about: loads the caches anew where there is something they could not read. */
  reread(): void {
    if ([...this.#caches.values()].some((cache) => cache.hasUnreadable)) this.#again.abort();
  }

  #listenTo(cache: ResourceCache): void {
    cache.onUnreadable = ({ message }) => this.#log.warn('An object in the store cannot be read', { error: message });
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let load = true;
    while (!signal.aborted) {
      try {
        if (load || this.#again.signal.aborted) {
          this.#again = new AbortController();
          await this.#load();
        }
        load = false;
        for await (const batch of this.#store.watch(this.#revision, AbortSignal.any([signal, this.#again.signal]))) {
          this.#apply(batch.events);
          this.#advance(batch.revision);
        }
      } catch (error) {
        // Whatever happened, the caches can be brought up to date by loading them again; serving goes on meanwhile.
        load = true;
        if (error instanceof CompactedError) {
          this.#log.warn('history was compacted under the watch cache; loading anew', { revision: this.#revision });
          continue;
        }
        if (error instanceof FutureRevisionError) {
          this.#log.warn(behind, { cache: this.#revision });
          continue;
        }
        this.#log.warn('the store could not be read; trying again', { error: String(error) });
        await delay(1_000, undefined, { signal }).catch(() => undefined); // aborted: the loop ends
      }
    }
  }

  async #load(): Promise<void> {
    for (const cache of this.#caches.values()) cache.beginLoading();
    const revision = await this.#read(root, (entry) => this.#cacheOf(entry.key)?.load(entry));
    for (const cache of this.#caches.values()) cache.loaded(revision);
    for (const joining of this.#joining.values()) joining.isStale = true;
    this.#revision = 0; // a restored store may be at an earlier revision than before
    this.#advance(revision);
    this.#ready.resolve();
  }

  /** Reads everything below a prefix as of one revision, which it returns; the store looks for the next page while one is taken in. */
  async #read(prefix: string, take: (entry: StoredEntry) => void): Promise<number> {
    const list = (range: ListRange) => this.#store.list(prefix, { limit: pageSize, ...range });
    let page = await list({});
    const { revision } = page;
    for (;;) {
      const { entries, count } = page;
      const last = entries.at(-1);
      const next = last && entries.length < count ? list({ from: `${last.key}\0`, revision }) : undefined;
      next?.catch(() => undefined); // it is awaited below; until then its failure is nobody's
      for (const [i, entry] of entries.entries()) {
        take(entry);
        if (i % turnSize === turnSize - 1) await nextTurn();
      }
      if (!next) return revision;
      page = await next;
    }
  }

  #apply(events: readonly StoreEvent[]): void {
    if (this.#joining.size > 0) this.#keepForJoining(events);
    let run: StoreEvent[] = [];
    let runCache: ResourceCache | undefined;
    for (const event of events) {
      const cache = this.#cacheOf(event.key);
      if (cache !== runCache) {
        runCache?.apply(run);
        run = [];
        runCache = cache;
      }
      if (cache) run.push(event);
    }
    runCache?.apply(run);
  }

  #keepForJoining(events: readonly StoreEvent[]): void {
    for (const { cache, events: kept } of this.#joining.values()) {
      for (const event of events) if (event.key.startsWith(cache.prefix)) kept.push(event);
    }
  }

  #advance(revision: number): void {
    if (revision <= this.#revision) return;
    this.#revision = revision;
    for (const cache of this.#caches.values()) cache.passed(revision);
    for (const waiter of this.#waiters) if (waiter.revision <= revision) waiter.resolve();
  }

  /** By the first one or two segments of the key below the root. */
  #cacheOf(key: string): ResourceCache | undefined {
    if (!key.startsWith(root)) return undefined;
    const first = key.indexOf('/', root.length);
    const cache = this.#caches.get(key.slice(root.length, first));
    if (cache) return cache;
    const second = key.indexOf('/', first + 1);
    return this.#caches.get(key.slice(root.length, second));
  }
}
