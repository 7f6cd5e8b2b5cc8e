import {
  type EtcdClient,
  EtcdMembers,
  type EtcdMembersOptions,
  prefixEnd,
  type RangeRequest,
  type RangeResponse,
  type RequestOp,
} from '@coracle/etcd';
import { isLeaseLost, translated } from './etcd-failures.ts';
import { watchEtcd } from './etcd-watch.ts';
import { LeasePool } from './lease-pool.ts';
import type { ListRange, Store, StoreBatch, StoredEntry, StoredPage, WriteResult } from './store.ts';

/** The store of a cluster: etcd 3.5 or later, of one or several members. */
export class EtcdStore implements Store {
  readonly #members: EtcdMembers;
  readonly #leases: LeasePool;
  /** Told how many entries live by a lease when the next one is taken. */
  onLeaseFull: ((entries: number) => void) | undefined;

  constructor(options: EtcdMembersOptions) {
    this.#members = new EtcdMembers(options);
    this.#leases = new LeasePool(async (seconds) => {
      // An attempt whose answer is lost may leave a lease that nothing hangs on; it expires.
      const { id } = await this.#call((member, limit) => member.grantLease(seconds, limit));
      return id;
    });
    this.#leases.onReplaced = (uses) => this.onLeaseFull?.(uses);
  }

  /** Bytes of each member's database on its disk, in the members' order; undefined where a member does not answer. */
  sizes(): Promise<(number | undefined)[]> {
    return this.#members.databaseSizes();
  }

  async get(key: string): Promise<{ entry: StoredEntry | undefined; revision: number }> {
    const answer = await this.#range({ key: Buffer.from(key) });
    return { entry: entriesOf(answer)[0], revision: answer.revision };
  }

  async list(prefix: string, { from, limit, revision }: ListRange = {}): Promise<StoredPage> {
    const answer = await this.#range({
      key: Buffer.from(from ?? prefix),
      rangeEnd: prefixEnd(prefix),
      limit: limit ?? 0,
      revision: revision ?? 0,
    });
    return {
      entries: entriesOf(answer),
      revision: revision ?? answer.revision,
      count: answer.count,
    };
  }

  async put(key: string, value: Uint8Array, expected: number, ttlSeconds?: number): Promise<WriteResult> {
    const bytes = asBuffer(value);
    const write = async () => {
      const lease = ttlSeconds === undefined ? undefined : await this.#leases.take(ttlSeconds);
      const change = { put: { key: Buffer.from(key), value: bytes, ...(lease === undefined ? {} : { lease }) } };
      return this.#transact(key, expected, change, (current) => current !== undefined && bytes.equals(current.value));
    };
    try {
      return await write();
    } catch (error) {
      if (ttlSeconds === undefined || !isLeaseLost(error)) throw error;
      this.#leases.forget(ttlSeconds);
      return write();
    }
  }

  async delete(key: string, expected: number): Promise<WriteResult> {
    if (expected === 0) {
      const { entry, revision } = await this.get(key);
      return { ok: false, revision, current: entry };
    }
    const change = { deleteRange: { key: Buffer.from(key) } };
    return this.#transact(key, expected, change, (current) => current === undefined);
  }

  async revision(): Promise<number> {
    try {
      return await this.#members.revision();
    } catch (error) {
      throw translated(error);
    }
  }

  watch(revision: number, signal: AbortSignal): AsyncIterable<StoreBatch> {
    return watchEtcd(this.#members, revision, signal);
  }

  async compact(revision: number): Promise<void> {
    await this.#call((member, limit) => member.compact(revision, limit));
  }

  async close(): Promise<void> {
    this.#members.close();
  }

  async #call<T extends { revision?: number }>(
    run: (member: EtcdClient, options: { deadline: number }) => Promise<T>,
    lost?: () => void,
  ): Promise<T> {
    try {
      return await this.#members.call(run, lost);
    } catch (error) {
      throw translated(error);
    }
  }

  #range(request: RangeRequest): Promise<RangeResponse> {
    return this.#call((member, limit) => member.range(request, limit));
  }

  /**
   * Changes a key whose last revision is `expected`. An attempt without an answer may have been carried out: the next one then meets its outcome,
   * which `done` tells from another's.
   */
  async #transact(
    key: string,
    expected: number,
    change: RequestOp,
    done: (current: StoredEntry | undefined) => boolean,
  ): Promise<WriteResult> {
    let lost = false;
    const at = Buffer.from(key);
    const compare = [{ key: at, modRevision: expected }];
    const { revision, succeeded, ranges } = await this.#call(
      (member, limit) => member.txn({ compare, success: [change], failure: [{ range: { key: at } }] }, limit),
      () => {
        lost = true;
      },
    );
    if (succeeded) return { ok: true, revision };
    const current = entriesOf(ranges[0]!)[0];
    if (lost && done(current)) return { ok: true, revision: current?.revision ?? revision, assumed: true };
    return { ok: false, revision, current };
  }
}

function entriesOf(answer: RangeResponse): StoredEntry[] {
  return answer.kvs.map(({ key, value, modRevision }) => ({ key: key.toString(), value, revision: modRevision }));
}

function asBuffer(value: Uint8Array): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
