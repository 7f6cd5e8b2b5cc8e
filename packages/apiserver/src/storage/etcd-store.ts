import type { IRangeRequest, IRangeResponse, ITxnResponse } from 'etcd3';
import { isLeaseLost } from './etcd-failures.ts';
import { EtcdMembers, type EtcdOptions } from './etcd-members.ts';
import { watchEtcd } from './etcd-watch.ts';
import { LeasePool } from './lease-pool.ts';
import type { ListRange, Store, StoreBatch, StoredEntry, StoredPage, WriteResult } from './store.ts';

/** The store of a cluster: etcd 3.5 or later, of one or several members. */
export class EtcdStore implements Store {
  readonly #members: EtcdMembers;
  readonly #leases: LeasePool;

  constructor(options: EtcdOptions) {
    this.#members = new EtcdMembers(options);
    this.#leases = new LeasePool(async (seconds) => {
      // An attempt whose answer is lost may leave a lease that nothing hangs on; it expires.
      const lease = await this.#members.call(({ leaseClient }, limit) =>
        leaseClient.leaseGrant({ TTL: seconds }, limit),
      );
      return lease.ID;
    });
  }

  async get(key: string): Promise<{ entry: StoredEntry | undefined; revision: number }> {
    const answer = await this.#range({ key: Buffer.from(key) });
    return { entry: entriesOf(answer)[0], revision: Number(answer.header.revision) };
  }

  async list(prefix: string, { from, limit, revision }: ListRange = {}): Promise<StoredPage> {
    const answer = await this.#range({
      key: Buffer.from(from ?? prefix),
      range_end: rangeEnd(prefix),
      limit: limit ?? 0,
      revision: revision ?? 0,
    });
    return {
      entries: entriesOf(answer),
      revision: revision ?? Number(answer.header.revision),
      count: Number(answer.count),
    };
  }

  async put(key: string, value: Uint8Array, expected: number, ttlSeconds?: number): Promise<WriteResult> {
    const bytes = asBuffer(value);
    const write = async () => {
      const lease = ttlSeconds === undefined ? undefined : await this.#leases.take(ttlSeconds);
      const change = {
        request_put: { key: Buffer.from(key), value: bytes, ...(lease === undefined ? {} : { lease }) },
      };
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
    const change = { request_delete_range: { key: Buffer.from(key) } };
    return this.#transact(key, expected, change, (current) => current === undefined);
  }

  revision(): Promise<number> {
    return this.#members.revision();
  }

  watch(revision: number, signal: AbortSignal): AsyncIterable<StoreBatch> {
    return watchEtcd(this.#members, revision, signal);
  }

  async compact(revision: number): Promise<void> {
    await this.#members.call(({ kv }, limit) => kv.compact({ revision, physical: false }, limit));
  }

  async close(): Promise<void> {
    this.#members.close();
  }

  #range(request: IRangeRequest): Promise<IRangeResponse> {
    return this.#members.call(({ kv }, limit) => kv.range(request, limit));
  }

  /**
   * Changes a key whose last revision is `expected`. An attempt without an answer may have been carried out: the next one then meets its outcome,
   * which `done` tells from another's.
   */
  async #transact(
    key: string,
    expected: number,
    change: object,
    done: (current: StoredEntry | undefined) => boolean,
  ): Promise<WriteResult> {
    let lost = false;
    const answer: ITxnResponse = await this.#members.call(
      ({ kv }, limit) =>
        kv.txn(
          {
            compare: [{ key: Buffer.from(key), target: 'Mod', result: 'Equal', mod_revision: expected }],
            success: [change],
            failure: [{ request_range: { key: Buffer.from(key) } }],
          },
          limit,
        ),
      () => {
        lost = true;
      },
    );
    const revision = Number(answer.header.revision);
    if (answer.succeeded) return { ok: true, revision };
    const current = entriesOf(answer.responses[0]!.response_range)[0];
    if (lost && done(current)) return { ok: true, revision: current?.revision ?? revision, assumed: true };
    return { ok: false, revision, current };
  }
}

function entriesOf(answer: IRangeResponse): StoredEntry[] {
  return answer.kvs.map((kv) => ({ key: kv.key.toString(), value: kv.value, revision: Number(kv.mod_revision) }));
}

/** The first key after all keys with a prefix. Prefixes end in ASCII, so the last byte can be raised. */
function rangeEnd(prefix: string): Buffer {
  const end = Buffer.from(prefix);
  if (end.length === 0) return Buffer.from([0]);
  end[end.length - 1]!++;
  return end;
}

function asBuffer(value: Uint8Array): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
