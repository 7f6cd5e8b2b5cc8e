import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@coracle/process';
import { type CriClient, isUnavailable, isUnimplemented } from '../cri/client.ts';
import { type Listing, listRuntime } from './runtime-pod.ts';

export interface PlegOptions {
  cri: CriClient;
  log: Log;
  signal: AbortSignal;
  /** Told of each pod (uid) whose sandboxes or containers changed since the last look. */
  changed(uid: string): void;
  /** Told after every look, with all that there is. */
  listed(listing: Listing): void;
}

const pollEvery = 1000;
/** Where the runtime tells of changes itself, lists only check that none was lost. */
const checkEvery = 60_000;
/** After so long without a look, what is known of the runtime counts for nothing. */
const healthyFor = 3 * 60_000;

/** The pod lifecycle event generator: finds out which pods changed in the runtime, by its events or by listing (KEP-3386). */
export class Pleg {
  readonly #options: PlegOptions;
  #last: Listing | undefined;
  #lookedAt = Date.now();
  #events = false;
  #kick: (() => void) | undefined;

  constructor(options: PlegOptions) {
    this.#options = options;
  }

  /** Undefined while all is well. */
  problem(): string | undefined {
    const age = Date.now() - this.#lookedAt;
    if (age < healthyFor) return undefined;
    return `PLEG is not healthy: pleg was last seen active ${Math.floor(age / 1000)}s ago; threshold is 3m0s`;
  }

  start(): void {
    void this.#loop();
    void this.#listen();
  }

  async #loop(): Promise<void> {
    const { signal, log } = this.#options;
    let reachable = true;
    while (!signal.aborted) {
      try {
        await this.#look();
        if (!reachable) log.info('The container runtime answers again');
        reachable = true;
      } catch (error) {
        if (reachable || !isUnavailable(error)) log.error({ err: error }, 'GenericPLEG: Unable to retrieve pods');
        reachable = false;
      }
      await this.#pause(this.#events && reachable ? checkEvery : pollEvery);
    }
  }

  async #look(): Promise<void> {
    const { cri, changed, listed } = this.#options;
    const listing = await listRuntime(cri);
    const before = this.#last?.parts;
    this.#last = listing;
    this.#lookedAt = Date.now();
    listed(listing);
    if (!before) return;
    for (const [uid, line] of listing.parts) if (before.get(uid) !== line) changed(uid);
    for (const uid of before.keys()) if (!listing.parts.has(uid)) changed(uid);
  }

  /** Follows the runtime's events where it has them; after a break a list shows what was missed. */
  async #listen(): Promise<void> {
    const { cri, signal, log } = this.#options;
    while (!signal.aborted) {
      try {
        for await (const _ of cri.runtime.getContainerEvents({}, signal)) {
          this.#events = true;
          this.#kick?.();
        }
      } catch (error) {
        if (isUnimplemented(error)) {
          log.debug('The container runtime has no events: listing at intervals');
          return;
        }
        if (!signal.aborted && !isUnavailable(error)) log.warn({ err: error }, 'Lost the container runtime events');
      }
      this.#events = false;
      this.#kick?.();
      await sleep(5000, undefined, { signal }).catch(() => undefined);
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#options;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, milliseconds);
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
      this.#kick = done;
      signal.addEventListener('abort', done, { once: true });
    });
    this.#kick = undefined;
  }
}
