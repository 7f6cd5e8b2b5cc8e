import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { StatusError } from '@coracle/api/meta/status';
import { CacheCounts } from './cache-counts.ts';
import { CachedObject, type FromStore, sizeOf } from './cached-object.ts';
import type { Filter } from './filter.ts';
import { type CacheEvent, History, type HistoryBounds } from './history.ts';
import { prefixOf } from './keys.ts';
import { SortedKeys } from './sorted-keys.ts';
import type { StoredEntry, StoreEvent } from './store.ts';

/** Hears of every change of a resource, batch by batch, and of reloads, after which nothing is known about what lay between. */
export interface CacheListener {
  changed(events: readonly CacheEvent[]): void;
  /**
   * An object came in while the content is loaded for the first time, before any of it can be read: for those who would decode every object again. The
   * decoded form is in the stored kind's form and shared; `reloaded` follows when all is in, also when the load had to be begun anew meanwhile.
   */
  loading?(object: CachedObject, decoded: KubeObject): void;
  /** The content was loaded anew (history was lost); `removed` and `present` tell the difference. */
  reloaded(removed: readonly CachedObject[], present: readonly CachedObject[]): void;
  /** An object was written that cannot be read: what happens from here on is not known to those who follow. */
  unreadable?(error: StatusError): void;
}

/** Everything there is of one stored resource, as of the feed's revision, and its recent history. */
export class ResourceCache {
  /** The kind in whose form the objects are stored. */
  readonly kind: AnyKind;
  readonly prefix: string;
  readonly counts = new CacheCounts();
  #objects = new Map<string, CachedObject>();
  #keys = new SortedKeys();
  #history: History;
  #bytes = 0;
  #lastChange = 0;
  #loading = new Map<string, CachedObject>();
  #wasLoaded = false;
  /** What is in the store and cannot be read. */
  #unreadable = new Map<string, StatusError>();
  #loadingUnreadable = new Map<string, StatusError>();
  /** Own writes the feed has not reported yet: their encoded form need not be made again. By `key@revision`. */
  readonly #written = new Map<string, CachedObject>();
  readonly #listeners = new Set<CacheListener>();
  readonly #bounds: HistoryBounds | undefined;
  /** Told of each object that cannot be read, for the operator. */
  onUnreadable: ((error: StatusError) => void) | undefined;

  constructor(kind: AnyKind, bounds?: HistoryBounds) {
    this.kind = kind;
    this.prefix = prefixOf(kind);
    this.#bounds = bounds;
    this.#history = new History(0, bounds);
  }

  get history(): History {
    return this.#history;
  }

  get size(): number {
    return this.#objects.size;
  }

  /** Bytes of all objects, as JSON. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many objects a namespace has; of the empty one, all there are. */
  count(namespace: string): number {
    return this.#keys.count(namespace === '' ? '' : `${namespace}/`);
  }

  /** Revision of the newest change: the resource looked the same at every revision from here to the feed's. */
  get lastChange(): number {
    return this.#lastChange;
  }

  get(key: string): CachedObject | undefined {
    return this.#objects.get(key);
  }

  /** As `list`, for a client: it is counted. */
  serve(filter: Filter, from: string): CachedObject[] {
    const { lists } = this.counts;
    const found = this.list(filter, from, (looked) => {
      lists.fetched += looked;
    });
    lists.served++;
    return found;
  }

  /** What a filter selects, in key order, from the key `from` on (inclusive). `fetched` is told how many objects were looked at. */
  list(filter: Filter, from = '', fetched?: (objects: number) => void): CachedObject[] {
    const name = filter.name;
    if (name !== undefined && (filter.namespace !== '' || !this.kind.namespaced)) {
      const key = this.kind.namespaced ? `${filter.namespace}/${name}` : name;
      const one = this.#objects.get(key);
      fetched?.(one ? 1 : 0);
      return one && key >= from && filter.matches(one) ? [one] : [];
    }
    const keys = this.#keys.slice(filter.namespace === '' ? '' : `${filter.namespace}/`, from);
    fetched?.(keys.length);
    const found: CachedObject[] = [];
    for (const key of keys) {
      const object = this.#objects.get(key)!;
      if (filter.all || filter.matches(object)) found.push(object);
    }
    return found;
  }

  /** Throws the InternalError of an object that cannot be read, where there is one that a list would look at. */
  refuseUnreadable(filter: Filter): void {
    for (const [key, error] of this.#unreadable) if (filter.covers(key)) throw error;
  }

  /** Whether there are objects that cannot be read. */
  get hasUnreadable(): boolean {
    return this.#unreadable.size > 0;
  }

  listen(listener: CacheListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Remembers what this process just wrote until the feed brings it. */
  wrote(key: string, object: CachedObject): void {
    this.#written.set(`${key}@${object.revision}`, object);
  }

  /** Takes in a batch of the feed; every event is of this resource. */
  apply(events: readonly StoreEvent[]): void {
    const changes: CacheEvent[] = [];
    this.counts.received += events.length;
    for (const event of events) {
      const key = event.key.slice(this.prefix.length);
      const previous = this.#objects.get(key);
      this.#unreadable.delete(key);
      if (event.value === undefined) {
        if (!previous) continue;
        this.#objects.delete(key);
        this.#keys.delete(key);
        this.#bytes -= sizeOf(previous);
        changes.push({ type: 'DELETED', revision: event.revision, object: previous.at(event.revision), previous });
      } else {
        const { key: at, value, revision, fault } = event;
        const object =
          this.#written.get(`${key}@${revision}`) ??
          this.#read({ key: at, value, revision, ...(fault ? { fault } : {}) }, this.#unreadable)?.object;
        if (!object) {
          this.#changed(changes.splice(0));
          this.#lost(key, revision);
          continue;
        }
        this.#objects.set(key, object);
        this.#bytes += sizeOf(object) - (previous ? sizeOf(previous) : 0);
        if (!previous) this.#keys.add(key);
        changes.push({ type: previous ? 'MODIFIED' : 'ADDED', revision: event.revision, object, previous });
      }
    }
    this.#changed(changes);
  }

  #changed(changes: readonly CacheEvent[]): void {
    if (changes.length === 0) return;
    const now = Date.now();
    for (const change of changes) {
      this.#lastChange = change.revision;
      this.#history.push(change, now);
    }
    for (const listener of this.#listeners) listener.changed(changes);
  }

  /** An object whose newest revision cannot be read is not shown as it was before; who followed it has to begin anew. */
  #lost(key: string, revision: number): void {
    const before = this.#objects.get(key);
    if (before) {
      this.#objects.delete(key);
      this.#keys.delete(key);
      this.#bytes -= sizeOf(before);
    }
    this.#lastChange = revision;
    this.#history = new History(revision, this.#bounds);
    const error = this.#unreadable.get(key)!;
    for (const listener of this.#listeners) listener.unreadable?.(error);
  }

  /** Undefined where the entry cannot be read, which is then noted. */
  #read(entry: StoredEntry, unreadable: Map<string, StatusError>): FromStore | undefined {
    try {
      return CachedObject.fromStore(this.kind, entry);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      this.counts.undecodable++;
      unreadable.set(entry.key.slice(this.prefix.length), error);
      this.onUnreadable?.(error);
      return undefined;
    }
  }

  /** The feed has passed a revision: own writes up to it are in, or were overtaken. */
  passed(revision: number): void {
    if (this.#written.size === 0) return;
    for (const [key, object] of this.#written) if (object.revision <= revision) this.#written.delete(key);
  }

  /** Begins to load anew: `load` collects, `loaded` replaces the content. What a load that was given up has collected is forgotten. */
  beginLoading(): void {
    this.#loading = new Map();
    this.#loadingUnreadable = new Map();
  }

  load(entry: StoredEntry): void {
    const key = entry.key.slice(this.prefix.length);
    const known = this.#objects.get(key);
    this.counts.stored.fetched++;
    this.counts.stored.returned++;
    if (known?.revision === entry.revision) {
      this.#loading.set(key, known);
      return;
    }
    const read = this.#read(entry, this.#loadingUnreadable);
    if (!read) return;
    this.#loading.set(key, read.object);
    if (!this.#wasLoaded) for (const listener of this.#listeners) listener.loading?.(read.object, read.decoded);
  }

  loaded(revision: number): void {
    const before = this.#objects;
    this.#objects = this.#loading;
    this.#loading = new Map();
    this.#wasLoaded = true;
    this.#unreadable = this.#loadingUnreadable;
    this.#loadingUnreadable = new Map();
    this.#keys = new SortedKeys();
    this.#bytes = 0;
    for (const [key, object] of this.#objects) {
      this.#keys.add(key);
      this.#bytes += sizeOf(object);
    }
    this.counts.initializations++;
    this.counts.stored.lists++;
    this.#history = new History(revision, this.#bounds);
    this.#lastChange = revision;
    this.#written.clear();
    const removed = [...before].filter(([key]) => !this.#objects.has(key)).map(([, object]) => object.at(revision));
    const present = [...this.#objects.values()];
    for (const listener of this.#listeners) listener.reloaded(removed, present);
  }
}
