import { Etcd3, type IOptions, type IRangeResponse, type ITxnResponse } from 'etcd3';
import { watchEtcd } from './etcd-watch.ts';
import { LeasePool } from './lease-pool.ts';
import {
  CompactedError,
  FutureRevisionError,
  type ListRange,
  type Store,
  type StoreBatch,
  type StoredEntry,
  type StoredPage,
  StoreUnavailableError,
  type WriteResult,
} from './store.ts';

export interface EtcdOptions {
  /** `https://127.0.0.1:2379`, … */
  servers: readonly string[];
  /** PEM. */
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
  /** How long a call may take, in milliseconds. */
  timeout?: number;
}

/** The store of a cluster: etcd 3.5 or later. */
export class EtcdStore implements Store {
  readonly #etcd: Etcd3;
  readonly #leases: LeasePool;
  readonly #timeout: number;

  constructor(options: EtcdOptions) {
    this.#timeout = options.timeout ?? 10_000;
    this.#etcd = new Etcd3(clientOptions(options));
    this.#leases = new LeasePool((seconds) =>
      this.#call(() => this.#etcd.leaseClient.leaseGrant({ TTL: seconds }, this.#deadline())).then(({ ID }) => ID),
    );
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
    const lease = ttlSeconds === undefined ? undefined : await this.#leases.take(ttlSeconds);
    return this.#transact(key, expected, {
      request_put: { key: Buffer.from(key), value: asBuffer(value), ...(lease === undefined ? {} : { lease }) },
    });
  }

  async delete(key: string, expected: number): Promise<WriteResult> {
    if (expected === 0) {
      const { entry, revision } = await this.get(key);
      return { ok: false, revision, current: entry };
    }
    return this.#transact(key, expected, { request_delete_range: { key: Buffer.from(key) } });
  }

  async revision(): Promise<number> {
    const answer = await this.#range({ key: Buffer.from('/registry/'), count_only: true });
    return Number(answer.header.revision);
  }

  watch(revision: number, signal: AbortSignal): AsyncIterable<StoreBatch> {
    return watchEtcd(this.#etcd, revision, signal);
  }

  async compact(revision: number): Promise<void> {
    await this.#call(() => this.#etcd.kv.compact({ revision, physical: false }, this.#deadline()));
  }

  async close(): Promise<void> {
    this.#etcd.close();
  }

  async #range(request: Parameters<Etcd3['kv']['range']>[0]): Promise<IRangeResponse> {
    return this.#call(() => this.#etcd.kv.range(request, this.#deadline()));
  }

  async #transact(key: string, expected: number, change: object): Promise<WriteResult> {
    const answer: ITxnResponse = await this.#call(() =>
      this.#etcd.kv.txn(
        {
          compare: [{ key: Buffer.from(key), target: 'Mod', result: 'Equal', mod_revision: expected }],
          success: [change],
          failure: [{ request_range: { key: Buffer.from(key) } }],
        },
        this.#deadline(),
      ),
    );
    const revision = Number(answer.header.revision);
    if (answer.succeeded) return { ok: true, revision };
    return { ok: false, revision, current: entriesOf(answer.responses[0]!.response_range)[0] };
  }

  #deadline(): { deadline: number } {
    return { deadline: Date.now() + this.#timeout };
  }

  async #call<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw translated(error);
    }
  }
}

/**
 * One attempt a call and no circuit breaker: a transaction that is sent again after a lost answer could meet its own first
 * copy and report a conflict with itself. The callers above know what may be repeated.
 */
const once = {
  execute: async <T>(run: (context: object) => T | Promise<T>) => run({ attempt: 0 }),
} as unknown as NonNullable<NonNullable<IOptions['faultHandling']>['global']>;

function clientOptions(options: EtcdOptions): IOptions {
  return {
    hosts: [...options.servers],
    ...(options.ca
      ? {
          credentials: {
            rootCertificate: options.ca,
            ...(options.key ? { privateKey: options.key } : {}),
            ...(options.cert ? { certChain: options.cert } : {}),
          },
        }
      : {}),
    faultHandling: { global: once, host: () => once },
    grpcOptions: {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 2_000,
      'grpc.keepalive_time_ms': 30_000,
      'grpc.keepalive_timeout_ms': 10_000,
    },
  };
}

/** etcd's errors in the store's terms. */
export function translated(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  if (message.includes('has been compacted')) return new CompactedError();
  if (message.includes('future revision')) return new FutureRevisionError();
  if (/DEADLINE_EXCEEDED|request timed out/i.test(message)) return new StoreUnavailableError(message, true);
  if (
    /UNAVAILABLE|ECONNREFUSED|CANCELLED|no leader|leader changed|not ready|channel.*closed|Connection dropped/i.test(
      message,
    )
  ) {
    return new StoreUnavailableError(message, false);
  }
  return error instanceof Error ? error : new Error(message);
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
