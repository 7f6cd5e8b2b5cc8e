import type { AnyKind, Kind, KubeObject } from '@coracle/api/kind';
import { keyOf } from '@coracle/api/meta/object';
import type { Client } from './client.ts';
import { type Indexer, type Lister, Store } from './lister.ts';
import { type ClientLog, stderrLog } from './log.ts';
import { reflect, type Selection } from './reflector.ts';

export type { Lister } from './lister.ts';
export type { Selection } from './reflector.ts';

/** Called in order, one after the other; must not block. `old` and `obj` are shared with the cache: do not change them. */
export interface Handlers<T> {
  added?(obj: T): void;
  updated?(old: T, obj: T): void;
  /** `obj` is the last state seen, which may be older than the last state there was. */
  deleted?(obj: T): void;
}

/** Keeps a local mirror of a collection and tells of changes to it. */
export interface Informer<T extends KubeObject> {
  readonly kind: Kind<T>;
  readonly lister: Lister<T>;
  /** Settles once the first list is in the cache. */
  readonly synced: Promise<void>;
  readonly hasSynced: boolean;
  /** Registers handlers; what is in the cache already is told as added. Returns the way to unregister. */
  on(handlers: Handlers<T>): () => void;
  addIndex(name: string, indexer: Indexer<T>): void;
}

export interface InformersOptions {
  /** Ends all watches. */
  signal: AbortSignal;
  log?: ClientLog;
}

/** The shared informers of a process: one watch per kind and selection, however many parts of the process use it. */
export class Informers {
  readonly #client: Client;
  readonly #signal: AbortSignal;
  readonly #log: ClientLog;
  readonly #informers = new Map<string, SharedInformer<never>>();

  constructor(client: Client, options: InformersOptions) {
    this.#client = client;
    this.#signal = options.signal;
    this.#log = options.log ?? stderrLog;
  }

  /** The informer of a kind; the same one for the same selection. It runs after the next `start`. */
  of<T extends KubeObject>(kind: Kind<T>, selection: Selection = {}): Informer<T> {
    const id = idOf(kind, selection);
    const known = this.#informers.get(id);
    if (known) return known as unknown as Informer<T>;
    const made = new SharedInformer<T>(kind, selection);
    this.#informers.set(id, made as unknown as SharedInformer<never>);
    return made;
  }

  /** Whether there is an informer of a kind for that selection. */
  has(kind: AnyKind, selection: Selection = {}): boolean {
    return this.#informers.has(idOf(kind, selection));
  }

  /** Starts the informers made since the last start; settles when all have synced. Rejects when the signal is aborted first. */
  async start(): Promise<void> {
    for (const informer of this.#informers.values()) informer.run(this.#client, this.#signal, this.#log);
    const waiting = [...this.#informers.values()].filter((each) => !each.hasSynced).map((each) => each.synced);
    if (waiting.length > 0) await unlessAborted(Promise.all(waiting), this.#signal);
  }

  /** Ends one informer's watch and forgets it: for selections that come and go. */
  stop(informer: Informer<never> | Informer<KubeObject>): void {
    for (const [id, each] of this.#informers) {
      if ((each as unknown) !== informer) continue;
      this.#informers.delete(id);
      each.stop();
    }
  }
}

const idOf = (kind: AnyKind, { namespace = '', labelSelector = '', fieldSelector = '' }: Selection): string =>
  [kind.apiVersion, kind.plural, namespace, labelSelector, fieldSelector].join('\n');

/** As the promise, but rejects with the signal's reason when it is aborted first. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

class SharedInformer<T extends KubeObject> implements Informer<T> {
  readonly kind: Kind<T>;
  readonly synced: Promise<void>;
  hasSynced = false;
  readonly #selection: Selection;
  readonly #store = new Store<T>();
  readonly #handlers = new Set<Handlers<T>>();
  readonly #stop = new AbortController();
  #setSynced!: () => void;
  #running = false;

  constructor(kind: Kind<T>, selection: Selection) {
    this.kind = kind;
    this.#selection = selection;
    this.synced = new Promise((resolve) => {
      this.#setSynced = resolve;
    });
  }

  get lister(): Lister<T> {
    return this.#store;
  }

  on(handlers: Handlers<T>): () => void {
    this.#handlers.add(handlers);
    for (const object of this.#store.list()) handlers.added?.(object);
    return () => this.#handlers.delete(handlers);
  }

  addIndex(name: string, indexer: Indexer<T>): void {
    this.#store.addIndex(name, indexer);
  }

  run(client: Client, signal: AbortSignal, log: ClientLog): void {
    if (this.#running) return;
    this.#running = true;
    const both = AbortSignal.any([signal, this.#stop.signal]);
    // A bug in a handler is no reason to go on with a mirror that missed a change: it ends the process like any uncaught error.
    reflect(client, this.kind, this.#selection, this, both, log).catch((error) => {
      if (!both.aborted)
        process.nextTick(() => {
          throw error;
        });
    });
  }

  stop(): void {
    this.#stop.abort(new Error('informer stopped'));
  }

  replace(items: T[]): void {
    const gone = new Set(this.#store.keys());
    for (const item of items) {
      gone.delete(keyOf(item));
      this.#put(item);
    }
    for (const key of gone) this.#remove(key);
    if (this.hasSynced) return;
    this.hasSynced = true;
    this.#setSynced();
  }

  changed(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void {
    if (type === 'DELETED') this.#remove(keyOf(object), object);
    else this.#put(object);
  }

  #put(object: T): void {
    // Nobody reads them from a cache, they can double an object's size, and an update without them keeps the server's.
    delete object.metadata.managedFields;
    const old = this.#store.set(object);
    if (!old) for (const each of this.#handlers) each.added?.(object);
    else if (old.metadata.resourceVersion !== object.metadata.resourceVersion) {
      for (const each of this.#handlers) each.updated?.(old, object);
    }
  }

  #remove(key: string, last?: T): void {
    const old = this.#store.delete(key);
    if (!old) return;
    for (const each of this.#handlers) each.deleted?.(last ?? old);
  }
}
