import { type Duplex, duplex, unary } from './call.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { EtcdError, statusCode } from './error.ts';
import {
  decodeDatabaseSize,
  decodeLease,
  decodeRange,
  decodeRevision,
  decodeTxn,
  decodeWatch,
  encodeRange,
  encodeTxn,
  encodeWatch,
  type RangeRequest,
  type RangeResponse,
  type TxnRequest,
  type TxnResponse,
  type WatchRequest,
  type WatchResponse,
} from './messages.ts';
import { Decoder, Encoder } from './wire.ts';

export interface EtcdClientOptions extends ConnectionOptions {
  /** How long (ms) a call may take that says nothing else. */
  timeout?: number;
}

/** How long a call may take. */
export interface CallOptions {
  /** Milliseconds since 1970. */
  deadline?: number;
}

/**
 * A client of one member of etcd 3.5 or later (https://etcd.io/docs/v3.5/learning/api): one attempt a call, no hidden repeats. Users are told by
 * the client certificate. All methods reject with EtcdError.
 */
export class EtcdClient {
  readonly #connection: Connection;
  readonly #timeout: number;

  constructor(options: EtcdClientOptions) {
    this.#connection = new Connection(options);
    this.#timeout = options.timeout ?? 10_000;
  }

  async range(request: RangeRequest, options?: CallOptions): Promise<RangeResponse> {
    return decodeRange(await this.#call('KV/Range', encodeRange(request), options));
  }

  async txn(request: TxnRequest, options?: CallOptions): Promise<TxnResponse> {
    return decodeTxn(await this.#call('KV/Txn', encodeTxn(request), options));
  }

  /** Forgets history up to a revision; returns the store's. */
  async compact(revision: number, options?: CallOptions): Promise<{ revision: number }> {
    const message = new Encoder().number(1, revision);
    return { revision: decodeRevision(await this.#call('KV/Compact', message, options)) };
  }

  /** Bytes of the member's database on its disk. */
  async databaseSize(options?: CallOptions): Promise<number> {
    return decodeDatabaseSize(await this.#call('Maintenance/Status', new Encoder(), options));
  }

  /** Makes a lease that lives `seconds` after its last renewal; returns its id. */
  async grantLease(seconds: number, options?: CallOptions): Promise<{ id: bigint; revision?: number }> {
    const { id, error } = decodeLease(await this.#call('Lease/LeaseGrant', new Encoder().number(1, seconds), options));
    if (error !== '') throw new EtcdError(statusCode.internal, `no lease was granted: ${error}`);
    return { id };
  }

  /** Ends a lease, and with it the keys that live by it. */
  async revokeLease(id: bigint, options?: CallOptions): Promise<{ revision: number }> {
    return { revision: decodeRevision(await this.#call('Lease/LeaseRevoke', new Encoder().int64(1, id), options)) };
  }

  /** Renews a lease; whether there still was one. */
  renewLease(
    id: bigint,
    { deadline = Date.now() + this.#timeout }: CallOptions = {},
  ): Promise<{ renewed: boolean; revision?: number }> {
    return new Promise((resolve, reject) => {
      const call = duplex(this.#connection, 'Lease/LeaseKeepAlive', new Encoder().int64(1, id), {
        message(message) {
          clearTimeout(timer);
          call.cancel();
          resolve({ renewed: decodeLease(new Decoder(message)).ttl > 0 });
        },
        ended(error) {
          clearTimeout(timer);
          reject(error ?? new EtcdError(statusCode.unavailable, 'the renewal ended without an answer'));
        },
      });
      const timer = setTimeout(
        () => {
          call.cancel();
          reject(new EtcdError(statusCode.deadlineExceeded, 'no answer to the renewal of a lease'));
        },
        Math.max(1, deadline - Date.now()),
      );
    });
  }

  /** Follows changes: `answer` gets each message, `ended` is told once when it is over, unless it was cancelled. */
  watch(
    request: WatchRequest,
    told: { answer(answer: WatchResponse): void; ended(error: EtcdError | undefined): void },
  ): Duplex {
    return duplex(this.#connection, 'Watch/Watch', encodeWatch(request), {
      message: (message) => told.answer(decodeWatch(new Decoder(message))),
      ended: (error) => told.ended(error),
    });
  }

  /** Ends what is under way. */
  close(): void {
    this.#connection.close();
  }

  async #call(method: string, message: Encoder, options: CallOptions = {}): Promise<Decoder> {
    const deadline = options.deadline ?? Date.now() + this.#timeout;
    return unary(this.#connection, method, message, deadline);
  }
}
