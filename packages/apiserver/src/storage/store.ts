/**
 * Where objects are kept: an ordered map from keys to bytes with one revision counter, as etcd has it. All methods are
 * linearizable unless they name a revision. Implementations: `MemoryStore` (in process), `EtcdStore` (a cluster's etcd).
 */
export interface Store {
  /** The entry under a key, and the store's revision at the time of the read. */
  get(key: string): Promise<{ entry: StoredEntry | undefined; revision: number }>;
  /**
   * Entries whose keys start with `prefix`, in byte order of keys. `from` skips keys before it; `revision` reads the past
   * (CompactedError when it is gone, FutureRevisionError when it is not there yet).
   */
  list(prefix: string, options?: ListRange): Promise<StoredPage>;
  /**
   * Writes if the key's last revision is `expected` (0: the key must not exist). On a mismatch nothing changes and `current`
   * is what is there. `ttlSeconds` has the entry removed after about that time.
   */
  put(key: string, value: Uint8Array, expected: number, ttlSeconds?: number): Promise<WriteResult>;
  /** Removes the entry if its last revision is `expected`. */
  delete(key: string, expected: number): Promise<WriteResult>;
  /** Whether what is kept under a key would be written in another way today (another key of encryption). Without it, nothing ever is. */
  isStale?(key: string): Promise<boolean>;
  /** The revision of the newest write. */
  revision(): Promise<number>;
  /**
   * All changes after `revision`, in order, until `signal` aborts (then it ends without an error). Outlives lost connections.
   * Throws CompactedError when `revision` is compacted, and FutureRevisionError when the store is found to be behind it: it was restored.
   */
  watch(revision: number, signal: AbortSignal): AsyncIterable<StoreBatch>;
  /** Forgets history up to and including `revision`. */
  compact(revision: number): Promise<void>;
  close(): Promise<void>;
}

export interface ListRange {
  from?: string;
  limit?: number;
  revision?: number;
}

export interface StoredEntry {
  key: string;
  value: Buffer;
  /** Revision of the write that made this value. */
  revision: number;
  /** Why the value cannot be read; it is then as the store has it. */
  fault?: Error;
}

export interface StoredPage {
  entries: StoredEntry[];
  /** The revision the page shows. */
  revision: number;
  /** How many entries the range has, from `from` on. */
  count: number;
}

/** `assumed`: an answer was lost, and what is there is what was to be; another may have done it. */
export type WriteResult =
  | { ok: true; revision: number; assumed?: true }
  | { ok: false; revision: number; current: StoredEntry | undefined };

/** Changes up to and including `revision`; all events of one revision are in one batch. Empty: progress only. */
export interface StoreBatch {
  revision: number;
  events: StoreEvent[];
}

export interface StoreEvent {
  key: string;
  revision: number;
  /** Undefined: the key was removed. */
  value: Buffer | undefined;
  /** Why the value cannot be read; it is then as the store has it. */
  fault?: Error;
}

/** The revision asked for has been compacted away. */
export class CompactedError extends Error {
  override name = 'CompactedError';
  constructor(message = 'etcdserver: mvcc: required revision has been compacted') {
    super(message);
  }
}

/** The revision asked for is newer than the store's. */
export class FutureRevisionError extends Error {
  override name = 'FutureRevisionError';
  constructor() {
    super('etcdserver: mvcc: required revision is a future revision');
  }
}

/**
 * The store does not answer. A write that got this error may or may not have happened, unless it is `unsent`. `timedOut`: it took a call and did
 * not answer in time.
 */
export class StoreUnavailableError extends Error {
  override name = 'StoreUnavailableError';
  readonly timedOut: boolean;
  readonly unsent: boolean;
  constructor(message: string, { timedOut = false, unsent = false } = {}) {
    super(message);
    this.timedOut = timedOut;
    this.unsent = unsent;
  }
}
