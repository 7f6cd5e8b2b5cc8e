import { setTimeout as delay } from 'node:timers/promises';
import { EtcdClient } from './client.ts';
import { EtcdError, statusCode } from './error.ts';

export interface EtcdMembersOptions {
  /** `https://127.0.0.1:2379`, … The first is used while it answers. */
  servers: readonly string[];
  /** PEM. */
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
  /** How long a call may take, in milliseconds, whichever members it goes to. */
  timeout?: number;
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
  readonly #members: readonly EtcdClient[];
  readonly #timeout: number;
  readonly #attempt: number;
  readonly #turns = new Set<{ from: EtcdClient; tell: () => void }>();
  #current = 0;
  #newest = 0;
  #closed = false;

  constructor(options: EtcdMembersOptions) {
    this.#timeout = options.timeout ?? 10_000;
    const { length } = options.servers;
    this.#attempt = Math.min(this.#timeout, Math.max(shortestAttempt, Math.ceil(this.#timeout / length)));
    const { ca, cert, key } = options;
    this.#members = options.servers.map((url) => new EtcdClient({ url, ca, cert, key }));
  }

  /** The member that calls go to now. */
  get current(): EtcdClient {
    return this.#members[this.#current]!;
  }

  /** Goes on with the next member, unless that was done already since `failed` was chosen. */
  turnFrom(failed: EtcdClient): void {
    if (this.#members.length === 1) return;
    if (this.current === failed) this.#current = (this.#current + 1) % this.#members.length;
    for (const turn of this.#turns) if (turn.from === failed) turn.tell();
  }

  /** Calls back when calls turn from a member. Returns what stops it. */
  onTurn(from: EtcdClient, tell: () => void): () => void {
    const turn = { from, tell };
    this.#turns.add(turn);
    return () => this.#turns.delete(turn);
  }

  /**
   * Calls a member, and others when it does not answer, until the timeout. `lost` hears of every attempt that may have been carried out all the
   * same. Rejects with EtcdError, which says whether one of the attempts was sent, when none was answered, and with what a member answers.
   */
  async call<T extends { revision?: number }>(
    run: (member: EtcdClient, options: { deadline: number }) => Promise<T>,
    lost: () => void = () => undefined,
  ): Promise<T> {
    const until = Date.now() + this.#timeout;
    let unsent = true;
    for (let attempt = 1; ; attempt++) {
      const member = this.current;
      try {
        const answer = await run(member, { deadline: Math.min(until, Date.now() + this.#attempt) });
        this.#note(answer.revision ?? 0);
        return answer;
      } catch (error) {
        if (!(error instanceof EtcdError && error.isUnavailable)) throw error;
        if (!error.unsent) {
          unsent = false;
          lost();
        }
        this.turnFrom(member);
        if (this.#closed || this.#members.length === 1 || Date.now() + pause >= until) {
          const code = error.timedOut ? statusCode.deadlineExceeded : statusCode.unavailable;
          throw new EtcdError(code, error.details, { unsent });
        }
        if (attempt % this.#members.length === 0) await delay(pause);
      }
    }
  }

  /** The revision of the newest write, read linearizably. */
  async revision(): Promise<number> {
    const request = { key: Buffer.from('/registry/'), countOnly: true };
    const { revision } = await this.call((member, limit) => member.range(request, limit));
    return revision;
  }

  /** Bytes of each member's database on its disk; undefined where one does not answer within a second. */
  databaseSizes(): Promise<(number | undefined)[]> {
    const deadline = Date.now() + 1_000;
    return Promise.all(this.#members.map((member) => member.databaseSize({ deadline }).catch(() => undefined)));
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
