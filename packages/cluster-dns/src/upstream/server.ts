import { randomInt } from 'node:crypto';
import { encode } from 'dns-packet';
import { exchangeUdp, NoAnswer } from './exchange.ts';
import { addressText, type ServerAddress } from './resolv-conf.ts';

/** So many failures in a row mark a server as down. */
const maxFailures = 2;
const firstCheck = 500;
const slowestCheck = 10_000;

export interface UpstreamEvents {
  /** A server is down or up again, or leads back to this cluster's own servers. */
  changed(server: UpstreamServer, what: 'down' | 'up' | 'loop' | 'no loop'): void;
  /** A check of a server that is down failed. */
  checkFailed(server: UpstreamServer): void;
}

/** One server upstream and what is known of its health: while it is down it is checked, less and less often, until it answers. */
export class UpstreamServer {
  readonly address: ServerAddress;
  readonly name: string;
  readonly #events: UpstreamEvents;
  #failures = 0;
  #looping = false;
  #check: NodeJS.Timeout | undefined;
  #wait = firstCheck;

  constructor(address: ServerAddress, events: UpstreamEvents) {
    this.address = address;
    this.name = addressText(address);
    this.#events = events;
  }

  get up(): boolean {
    return this.#failures < maxFailures;
  }

  /** Whether asking it would lead back to this cluster's own servers; such a server is never asked. */
  get looping(): boolean {
    return this.#looping;
  }

  set looping(is: boolean) {
    if (is === this.#looping) return;
    this.#looping = is;
    this.#events.changed(this, is ? 'loop' : 'no loop');
  }

  /** It answered, whatever. */
  answered(): void {
    const wasUp = this.up;
    this.#failures = 0;
    this.#wait = firstCheck;
    clearTimeout(this.#check);
    this.#check = undefined;
    if (!wasUp) this.#events.changed(this, 'up');
  }

  /** It did not answer. */
  failed(): void {
    this.#failures++;
    if (this.#failures === maxFailures) this.#events.changed(this, 'down');
    if (!this.up && !this.#check) this.#scheduleCheck();
  }

  close(): void {
    clearTimeout(this.#check);
    this.#check = undefined;
    this.#failures = 0;
  }

  #scheduleCheck(): void {
    this.#check = setTimeout(() => {
      this.#ask().catch((error) =>
        process.nextTick(() => {
          throw error;
        }),
      );
    }, this.#wait).unref();
    this.#wait = Math.min(this.#wait * 2, slowestCheck);
  }

  /** Asks for the root's name servers, which every server knows or refuses to tell: any answer will do. */
  async #ask(): Promise<void> {
    const query = encode({
      type: 'query',
      id: randomInt(65_536),
      flags: 0x0100,
      questions: [{ type: 'NS', name: '.' }],
    });
    try {
      await exchangeUdp(this.address, query, 1000);
      this.answered();
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      this.#events.checkFailed(this);
      if (this.#check) this.#scheduleCheck();
    }
  }
}
