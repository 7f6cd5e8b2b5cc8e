import { requestEntityTooLarge } from '@coracle/api/meta/status';
import { SortedKeys } from './sorted-keys.ts';
import {
  CompactedError,
  FutureRevisionError,
  type ListRange,
  type Store,
  type StoreBatch,
  type StoredEntry,
  type StoredPage,
  type StoreEvent,
  type WriteResult,
} from './store.ts';

/** How many bytes etcd takes in one request, unless `--max-request-bytes` says otherwise. */
const largestRequest = 1.5 * 2 ** 20;

interface Version {
  revision: number;
  /** Undefined: removed at this revision. */
  value: Buffer | undefined;
}

/** The in-process store: etcd's semantics (revisions, reads of the past, compaction, expiry) without a process beside. */
export class MemoryStore implements Store {
  readonly #versions = new Map<string, Version[]>();
  readonly #keys = new SortedKeys();
  /** Every write since the last compaction, oldest first. */
  #log: StoreEvent[] = [];
  #revision = 1;
  #compacted = 0;
  readonly #wake = new Set<() => void>();
  readonly #expiries = new Set<NodeJS.Timeout>();

  async get(key: string): Promise<{ entry: StoredEntry | undefined; revision: number }> {
    return { entry: this.#at(key, this.#revision), revision: this.#revision };
  }

  async list(prefix: string, { from, limit, revision }: ListRange = {}): Promise<StoredPage> {
    const at = revision ?? this.#revision;
    if (at > this.#revision) throw new FutureRevisionError();
    if (at < this.#compacted) throw new CompactedError();
    const entries: StoredEntry[] = [];
    let count = 0;
    for (const key of this.#keys.range(prefix, from)) {
      const entry = this.#at(key, at);
      if (!entry) continue;
      count++;
      if (limit === undefined || limit === 0 || entries.length < limit) entries.push(entry);
    }
    return { entries, revision: at, count };
  }

  async put(key: string, value: Uint8Array, expected: number, ttlSeconds?: number): Promise<WriteResult> {
    if (value.length > largestRequest) throw requestEntityTooLarge('etcdserver: request is too large');
    const result = this.#write(key, Buffer.from(value), expected);
    if (result.ok && ttlSeconds !== undefined) this.#expire(key, result.revision, ttlSeconds);
    return result;
  }

  async delete(key: string, expected: number): Promise<WriteResult> {
    return this.#write(key, undefined, expected);
  }

  async revision(): Promise<number> {
    return this.#revision;
  }

  async *watch(revision: number, signal: AbortSignal): AsyncIterable<StoreBatch> {
    let last = revision;
    while (!signal.aborted) {
      if (last < this.#compacted) throw new CompactedError();
      if (last < this.#revision) {
        const events = this.#log.slice(this.#after(last));
        last = this.#revision;
        yield { revision: last, events };
        continue;
      }
      await this.#changed(signal);
    }
  }

  async compact(revision: number): Promise<void> {
    if (revision > this.#revision) throw new FutureRevisionError();
    if (revision <= this.#compacted) throw new CompactedError();
    this.#compacted = revision;
    this.#log = this.#log.slice(this.#after(revision));
    for (const [key, versions] of this.#versions) {
      const keep = versions.findLastIndex((version) => version.revision <= revision);
      if (keep > 0) versions.splice(0, keep);
      if (versions.length === 1 && versions[0]!.value === undefined) {
        this.#versions.delete(key);
        this.#keys.delete(key);
      }
    }
  }

  async close(): Promise<void> {
    for (const timer of this.#expiries) clearTimeout(timer);
    this.#expiries.clear();
    this.#notify();
  }

  #at(key: string, revision: number): StoredEntry | undefined {
    const version = this.#versions.get(key)?.findLast((each) => each.revision <= revision);
    return version?.value && { key, value: version.value, revision: version.revision };
  }

  #write(key: string, value: Buffer | undefined, expected: number): WriteResult {
    const current = this.#at(key, this.#revision);
    if ((current?.revision ?? 0) !== expected || (!current && !value)) {
      return { ok: false, revision: this.#revision, current };
    }
    const revision = ++this.#revision;
    const versions = this.#versions.get(key);
    if (versions) versions.push({ revision, value });
    else {
      this.#versions.set(key, [{ revision, value }]);
      this.#keys.add(key);
    }
    this.#log.push({ key, revision, value });
    this.#notify();
    return { ok: true, revision };
  }

  #expire(key: string, revision: number, ttlSeconds: number): void {
    const timer = setTimeout(() => {
      this.#expiries.delete(timer);
      this.#write(key, undefined, revision); // a later write of the key carries its own expiry
    }, ttlSeconds * 1000);
    timer.unref();
    this.#expiries.add(timer);
  }

  /** Index in the log of the first event after a revision. */
  #after(revision: number): number {
    let low = 0;
    let high = this.#log.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#log[middle]!.revision <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #notify(): void {
    for (const wake of this.#wake) wake();
  }

  #changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#wake.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#wake.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
