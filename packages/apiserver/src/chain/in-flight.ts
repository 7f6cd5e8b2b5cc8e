import { tooManyRequests } from '@coracle/api/meta/status';
import type { Link, RequestContext } from './link.ts';
import { mastersGroup } from './user.ts';

/** How many requests are worked on at once, how many more may wait, and for how long. */
export interface InFlightLimits {
  /** `--max-requests-inflight`: requests that only read; 0 for no limit. */
  readonly readOnly: number;
  /** `--max-mutating-requests-inflight`; 0 for no limit. */
  readonly mutating: number;
  /** Requests of either kind that may wait for their turn. */
  readonly waiting: number;
  /** Milliseconds a request waits at most. */
  readonly patience: number;
}

const readVerbs = new Set(['get', 'list', 'watch']);
const longRunning = new Set(['attach', 'exec', 'log', 'portforward', 'proxy']);

/**
 * The link that keeps a burst of requests from taking the whole server: those beyond the limit wait their turn, and are refused with
 * 429 when too many wait, or for too long. Watches and other long-running requests are not counted, administrators not held up.
 */
export function inFlightLimit(limits: InFlightLimits): Link {
  const reads = new Gate(limits.readOnly, limits);
  const writes = new Gate(limits.mutating, limits);
  return async (context, next) => {
    if (isExempt(context)) return next();
    const gate = readVerbs.has(context.info.verb) ? reads : writes;
    await gate.enter(context.signal);
    try {
      await next();
    } finally {
      gate.leave();
    }
  };
}

/** Whether requests of a subresource of this name may last, whoever serves it. */
export const isLongRunningName = (subresource: string): boolean => longRunning.has(subresource);

function isExempt({ info, user }: RequestContext): boolean {
  return info.verb === 'watch' || isLongRunningName(info.subresource) || user.groups.includes(mastersGroup);
}

/** Lets a number of requests through at once; the others wait in the order in which they came. */
class Gate {
  readonly #limit: number;
  readonly #waiting: number;
  readonly #patience: number;
  readonly #queue = new Set<() => void>();
  #inside = 0;

  constructor(limit: number, { waiting, patience }: InFlightLimits) {
    this.#limit = limit;
    this.#waiting = waiting;
    this.#patience = patience;
  }

  async enter(signal: AbortSignal): Promise<void> {
    if (this.#limit > 0 && this.#inside >= this.#limit)
      await this.#turn(signal); // the one who leaves hands over the place
    else this.#inside++;
  }

  leave(): void {
    const [next] = this.#queue;
    if (next) next();
    else this.#inside--;
  }

  #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const refusal = () => tooManyRequests('Too many requests, please try again later.', 1);
    if (this.#queue.size >= this.#waiting) throw refusal();
    return new Promise((resolve, reject) => {
      const settle = (then: () => void) => {
        clearTimeout(timer);
        this.#queue.delete(turn);
        signal.removeEventListener('abort', gone);
        then();
      };
      const turn = () => settle(resolve);
      const gone = () => settle(() => reject(signal.reason));
      const timer = setTimeout(() => settle(() => reject(refusal())), this.#patience).unref();
      signal.addEventListener('abort', gone, { once: true });
      this.#queue.add(turn);
    });
  }
}
