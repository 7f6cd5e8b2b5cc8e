import type { ListRange, Store, StoreBatch, StoredEntry, StoredPage, StoreEvent, WriteResult } from '../store.ts';
import type { Transformer } from './transformer.ts';

/** How the objects of a resource are kept, by the resource's name (`deployments.apps`). */
export type Transformers = (resource: string) => Transformer;

/**
 * A store whose values are turned on their way in and out. What cannot be read is passed on with its `fault`, so that one bad entry
 * is the trouble of those who want it alone. Keys that are of no resource pass through.
 */
export class EncryptedStore implements Store {
  readonly #store: Store;
  readonly #resourceOf: (key: string) => string | undefined;
  #transformers: Transformers;

  constructor(store: Store, resourceOf: (key: string) => string | undefined, transformers: Transformers) {
    this.#store = store;
    this.#resourceOf = resourceOf;
    this.#transformers = transformers;
  }

  /** Goes by another configuration from now on. */
  use(transformers: Transformers): void {
    this.#transformers = transformers;
  }

  async get(key: string): Promise<{ entry: StoredEntry | undefined; revision: number }> {
    const { entry, revision } = await this.#store.get(key);
    return { entry: entry && this.#opened(entry), revision };
  }

  async list(prefix: string, options?: ListRange): Promise<StoredPage> {
    const page = await this.#store.list(prefix, options);
    return { ...page, entries: page.entries.map((entry) => this.#opened(entry)) };
  }

  async put(key: string, value: Uint8Array, expected: number, ttlSeconds?: number): Promise<WriteResult> {
    const transformer = this.#of(key);
    const sealed = transformer ? transformer.seal(Buffer.from(value), key) : value;
    return this.#result(await this.#store.put(key, sealed, expected, ttlSeconds));
  }

  async delete(key: string, expected: number): Promise<WriteResult> {
    return this.#result(await this.#store.delete(key, expected));
  }

  async isStale(key: string): Promise<boolean> {
    const { entry } = await this.#store.get(key);
    const transformer = this.#of(key);
    // What cannot be read cannot have been found unchanged: it is another's write of just now, and not for this one to judge.
    return transformer && entry ? attempt(transformer, key, entry.value).stale : false;
  }

  revision(): Promise<number> {
    return this.#store.revision();
  }

  async *watch(revision: number, signal: AbortSignal): AsyncIterable<StoreBatch> {
    for await (const { revision: at, events } of this.#store.watch(revision, signal)) {
      yield { revision: at, events: events.map((event) => this.#openedEvent(event)) };
    }
  }

  compact(revision: number): Promise<void> {
    return this.#store.compact(revision);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #of(key: string): Transformer | undefined {
    const resource = this.#resourceOf(key);
    return resource === undefined ? undefined : this.#transformers(resource);
  }

  #opened(entry: StoredEntry): StoredEntry {
    const transformer = this.#of(entry.key);
    if (!transformer) return entry;
    const { value, fault } = attempt(transformer, entry.key, entry.value);
    return { ...entry, value, ...(fault ? { fault } : {}) };
  }

  #openedEvent(event: StoreEvent): StoreEvent {
    const transformer = event.value && this.#of(event.key);
    if (!transformer) return event;
    const { value, fault } = attempt(transformer, event.key, event.value!);
    return { ...event, value, ...(fault ? { fault } : {}) };
  }

  #result(result: WriteResult): WriteResult {
    if (result.ok || !result.current) return result;
    return { ...result, current: this.#opened(result.current) };
  }
}

function attempt(
  transformer: Transformer,
  key: string,
  stored: Buffer,
): { value: Buffer; stale: boolean; fault?: Error } {
  try {
    return transformer.open(stored, key);
  } catch (error) {
    return { value: stored, stale: false, fault: error as Error };
  }
}
