import type { KubeObject } from '@coracle/api/kind';
import type { Selector } from '@coracle/api/meta/labels';
import { keyOf } from '@coracle/api/meta/object';

/** Reads from an informer's cache. Objects are shared: clone before changing one. */
export interface Lister<T extends KubeObject> {
  /** The object with a key (`namespace/name` or `name`), if the cache has it. */
  get(key: string): T | undefined;
  /** All objects, or those of one namespace. */
  list(namespace?: string): T[];
  /** The objects of a namespace (undefined: all) whose labels match. */
  select(namespace: string | undefined, selector: Selector): T[];
  /** The objects an index has under a value. Throws when there is no such index. */
  byIndex(name: string, value: string): T[];
  readonly size: number;
}

/** Computes the values under which an index finds an object. */
export type Indexer<T> = (object: T) => string[];

const namespaceIndex = 'namespace';

/** The objects of an informer by key, with indexes (a namespace index always). */
export class Store<T extends KubeObject> implements Lister<T> {
  readonly #objects = new Map<string, T>();
  readonly #indexers = new Map<string, Indexer<T>>();
  readonly #indexes = new Map<string, Map<string, Map<string, T>>>();

  constructor() {
    this.addIndex(namespaceIndex, (object) => (object.metadata.namespace ? [object.metadata.namespace] : []));
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  list(namespace?: string): T[] {
    return namespace ? this.byIndex(namespaceIndex, namespace) : [...this.#objects.values()];
  }

  select(namespace: string | undefined, selector: Selector): T[] {
    return this.list(namespace).filter((object) => selector.matches(object.metadata.labels));
  }

  byIndex(name: string, value: string): T[] {
    const index = this.#indexes.get(name);
    if (!index) throw new Error(`Index with name ${name} does not exist`);
    const found = index.get(value);
    return found ? [...found.values()] : [];
  }

  /** Adds an index over what is there and what comes; an index that is there already stays. */
  addIndex(name: string, indexer: Indexer<T>): void {
    if (this.#indexers.has(name)) return;
    this.#indexers.set(name, indexer);
    this.#indexes.set(name, new Map());
    for (const [key, object] of this.#objects) this.#enter(name, indexer, key, object);
  }

  /** Puts an object in place of what its key had; returns that. */
  set(object: T): T | undefined {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    for (const [name, indexer] of this.#indexers) {
      if (before) this.#leave(name, indexer, key, before);
      this.#enter(name, indexer, key, object);
    }
    this.#objects.set(key, object);
    return before;
  }

  /** Removes an object; returns what the cache had. */
  delete(key: string): T | undefined {
    const before = this.#objects.get(key);
    if (!before) return undefined;
    for (const [name, indexer] of this.#indexers) this.#leave(name, indexer, key, before);
    this.#objects.delete(key);
    return before;
  }

  #enter(name: string, indexer: Indexer<T>, key: string, object: T): void {
    const index = this.#indexes.get(name)!;
    for (const value of indexer(object)) {
      const entries = index.get(value) ?? new Map<string, T>();
      index.set(value, entries.set(key, object));
    }
  }

  #leave(name: string, indexer: Indexer<T>, key: string, object: T): void {
    const index = this.#indexes.get(name)!;
    for (const value of indexer(object)) {
      const entries = index.get(value);
      entries?.delete(key);
      if (entries?.size === 0) index.delete(value);
    }
  }
}
