import { Backoff } from '@coracle/client/backoff';
import type { ClientLog } from '@coracle/client/log';
import { delay } from '@coracle/client/rate-limit';
import type { Backend, Peer, UnreachablePeer } from './backend/backend.ts';
import { formatRange, type Range, sameRange } from './range.ts';

export interface NodeNetworkOptions {
  backend: Backend;
  subnet: Range;
  /** What does not depend on peers: done at the start, every so often and after failures. */
  prepare(): Promise<void>;
  /** Called once for each subnet, when it has been brought about with the peers known first; `signal` ends with the subnet. */
  standing(subnet: Range, peers: readonly Peer[], signal: AbortSignal): Promise<void>;
  /** How the last attempt ended. */
  synced(outcome: { error?: Error; unreachable: readonly UnreachablePeer[]; peers: number }): void;
  log: ClientLog;
  signal: AbortSignal;
}

/** Without any change all is looked at this often (ms), for what may have been changed behind our back. */
const fullPeriod = 60_000;

/** A change soon after another (ms) waits, so that a burst of them is one. The first is not kept waiting. */
const calm = 100;

/** Keeps the kernel as the peers and the node's subnet ask for. */
export class NodeNetwork {
  readonly #options: NodeNetworkOptions;
  #subnet: Range;
  /** Undefined until they are known. */
  #peers: readonly Peer[] | undefined;
  #requested = true;
  #full = true;
  #wake: (() => void) | undefined;
  /** Ends when the node gets another subnet. */
  #life = new AbortController();
  #announced = false;

  constructor(options: NodeNetworkOptions) {
    this.#options = options;
    this.#subnet = options.subnet;
  }

  /** All other nodes are these now. */
  setPeers(peers: readonly Peer[]): void {
    this.#peers = peers;
    this.request();
  }

  /** The node's subnet is this now; who the others are is to be told anew. */
  setSubnet(subnet: Range): void {
    if (sameRange(subnet, this.#subnet)) return;
    this.#subnet = subnet;
    this.#peers = undefined;
    this.#life.abort(new Error('the node has another subnet'));
    this.#life = new AbortController();
    this.#announced = false;
  }

  /** Asks for a look at the kernel soon; `full`: also at what does not depend on peers. */
  request(full = false): void {
    this.#requested = true;
    this.#full ||= full;
    this.#wake?.();
  }

  /** Works until the signal aborts, which it rejects by, or something happens that only a new start helps. */
  async run(): Promise<never> {
    const { signal, log, synced } = this.#options;
    const backoff = new Backoff(250, 10_000);
    const tell = describer(log);
    for (;;) {
      this.#full = (await this.#due(fullPeriod)) || this.#full;
      signal.throwIfAborted();
      if (!this.#peers) continue;
      const [subnet, peers, life] = [this.#subnet, this.#peers, this.#life.signal];
      const full = this.#full;
      this.#requested = false;
      this.#full = false;
      let rest = calm;
      try {
        if (full) await this.#options.prepare();
        const unreachable = await this.#options.backend.apply(subnet, peers);
        backoff.reset();
        tell(unreachable);
        synced({ unreachable, peers: peers.length });
        this.#announce(subnet, peers, unreachable, life);
      } catch (error) {
        if (error instanceof RestartNeeded) throw error;
        log.error({ err: error }, 'Cannot bring the network about, trying again');
        synced({ error: error as Error, unreachable: [], peers: peers.length });
        this.#full = true;
        this.#requested = true;
        rest = backoff.next();
      }
      await delay(rest, signal);
    }
  }

  #announce(subnet: Range, peers: readonly Peer[], unreachable: readonly UnreachablePeer[], life: AbortSignal): void {
    if (this.#announced || life.aborted) return;
    this.#announced = true;
    const { signal, log, standing } = this.#options;
    const reachable = peers.filter((peer) => !unreachable.some((each) => each.peer === peer));
    standing(subnet, reachable, AbortSignal.any([signal, life])).catch((error) => {
      if (signal.aborted || life.aborted) return;
      log.error({ err: error, subnet: formatRange(subnet) }, 'Cannot announce the network, trying again');
      this.#announced = false;
      setTimeout(() => this.request(), 1_000).unref();
    });
  }

  /** Waits for a request; whether the full period passed without one. */
  async #due(period: number): Promise<boolean> {
    if (this.#requested && this.#peers) return false;
    const { signal } = this.#options;
    signal.throwIfAborted();
    return new Promise((resolve) => {
      const end = (timedOut: boolean) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        this.#wake = undefined;
        resolve(timedOut);
      };
      const onAbort = () => end(false);
      const timer = setTimeout(() => end(true), period);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#wake = () => end(false);
    });
  }
}

/** The surroundings are not those the process started with; a new one finds its way in them. */
export class RestartNeeded extends Error {
  override name = 'RestartNeeded';
}

/** Tells of peers that cannot be reached, once for each and reason. */
function describer(log: ClientLog): (unreachable: readonly UnreachablePeer[]) => void {
  let told = new Set<string>();
  return (unreachable) => {
    const now = new Set<string>();
    for (const { peer, reason } of unreachable) {
      const key = `${formatRange(peer.subnet)} ${reason}`;
      now.add(key);
      if (told.has(key)) continue;
      log.error(
        { subnet: formatRange(peer.subnet), publicIP: peer.publicIp, reason },
        'No packets can be led to a node of the network',
      );
    }
    told = now;
  };
}
