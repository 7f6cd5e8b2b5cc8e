import { setTimeout as delay } from 'node:timers/promises';
import { Etcd3, type IOptions, type IWatchResponse } from 'etcd3';
import { translated } from './etcd-failures.ts';
import { StoreUnavailableError } from './store.ts';

export interface EtcdOptions {
  /** `https://127.0.0.1:2379`, … The first is used while it answers. */
  servers: readonly string[];
  /** PEM. */
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
  /** How long a call may take, in milliseconds, whichever members it goes to. */
  timeout?: number;
}

/** A call of a watch, as bytes go: requests in, responses out. */
export interface WatchCall {
  write(request: object): boolean;
  on(event: 'data', handler: (answer: IWatchResponse) => void): this;
  on(event: 'error', handler: (error: Error) => void): this;
  on(event: 'end', handler: () => void): this;
  cancel(): void;
}

/** One member of an etcd cluster. */
export class EtcdMember extends Etcd3 {
  /** Opens a watch call. The member ends it when it has lost its leader, so that nobody waits at one that is cut off. */
  openWatch(): Promise<WatchCall> {
    return this.pool.withConnection('Watch', ({ client, metadata }) => {
      metadata.set('hasleader', 'true');
      return (client as unknown as { watch(metadata: object): WatchCall }).watch(metadata);
    });
  }
}

/** How long (ms) to wait before all members are tried again. */
const pause = 200;

/** An attempt at one of several members gets at least this long (ms). */
const shortestAttempt = 1_000;

/**
 * The members of an etcd cluster. Calls go to one of them for as long as it answers; when it does not, to the next, and so do the calls
 * after it. A member that hangs costs the calls under way a part of their time, those that follow nothing.
 */
export class EtcdMembers {
  readonly #members: readonly EtcdMember[];
  readonly #timeout: number;
  readonly #attempt: number;
  readonly #turns = new Set<{ from: EtcdMember; tell: () => void }>();
  #current = 0;
  #newest = 0;
  #closed = false;

  constructor(options: EtcdOptions) {
    this.#timeout = options.timeout ?? 10_000;
    const { length } = options.servers;
    this.#attempt = Math.min(this.#timeout, Math.max(shortestAttempt, Math.ceil(this.#timeout / length)));
    this.#members = options.servers.map((server) => new EtcdMember(memberOptions(server, options)));
  }

  /** The member that calls go to now. */
  get current(): EtcdMember {
    return this.#members[this.#current]!;
  }

  /** Goes on with the next member, unless that was done already since `failed` was chosen. */
  turnFrom(failed: EtcdMember): void {
    if (this.#members.length === 1) return;
    if (this.current === failed) this.#current = (this.#current + 1) % this.#members.length;
    for (const turn of this.#turns) if (turn.from === failed) turn.tell();
  }

  /** Calls back when calls turn from a member. Returns what stops it. */
  onTurn(from: EtcdMember, tell: () => void): () => void {
    const turn = { from, tell };
    this.#turns.add(turn);
    return () => this.#turns.delete(turn);
  }

  /**
   * Calls a member, and others when it does not answer, until the timeout. `lost` hears of every attempt that may have been carried out all the
   * same. Throws StoreUnavailableError when none has answered, and what the members answer.
   */
  async call<T extends { header?: { revision: string } }>(
    run: (member: EtcdMember, options: { deadline: number }) => Promise<T>,
    lost: () => void = () => undefined,
  ): Promise<T> {
    const until = Date.now() + this.#timeout;
    let unsent = true;
    for (let attempt = 1; ; attempt++) {
      const member = this.current;
      try {
        const answer = await run(member, { deadline: Math.min(until, Date.now() + this.#attempt) });
        this.#note(Number(answer.header?.revision ?? 0));
        return answer;
      } catch (error) {
        const known = translated(error);
        if (!(known instanceof StoreUnavailableError)) throw known;
        if (!known.unsent) {
          unsent = false;
          lost();
        }
        this.turnFrom(member);
        if (this.#closed || this.#members.length === 1 || Date.now() + pause >= until) {
          throw new StoreUnavailableError(known.message, { timedOut: known.timedOut, unsent });
        }
        if (attempt % this.#members.length === 0) await delay(pause);
      }
    }
  }

  /** The revision of the newest write, read linearizably. */
  async revision(): Promise<number> {
    const request = { key: Buffer.from('/registry/'), count_only: true };
    const { header } = await this.call(({ kv }, limit) => kv.range(request, limit));
    return Number(header.revision);
  }

  /** The highest revision that an answer showed since this was last asked; 0: there was none. */
  takeNewest(): number {
    const newest = this.#newest;
    this.#newest = 0;
    return newest;
  }

  close(): void {
    this.#closed = true;
    for (const member of this.#members) member.close();
  }

  #note(revision: number): void {
    if (revision > this.#newest) this.#newest = revision;
  }
}

/**
 * One attempt a call and no circuit breaker: a transaction that is sent again after a lost answer could meet its own first
 * copy and report a conflict with itself. The callers above know what may be repeated.
 */
const once = {
  execute: async <T>(run: (context: object) => T | Promise<T>) => run({ attempt: 0 }),
} as unknown as NonNullable<NonNullable<IOptions['faultHandling']>['global']>;

function memberOptions(server: string, { ca, cert, key }: EtcdOptions): IOptions {
  return {
    hosts: server,
    ...(ca && server.startsWith('https:')
      ? {
          credentials: {
            rootCertificate: ca,
            ...(key ? { privateKey: key } : {}),
            ...(cert ? { certChain: cert } : {}),
          },
        }
      : {}),
    faultHandling: { global: once, host: () => once },
    grpcOptions: {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 2_000,
      // etcd breaks off connections that are tested more often than every 5 s.
      'grpc.keepalive_time_ms': 6_000,
      'grpc.keepalive_timeout_ms': 3_000,
    },
  };
}
