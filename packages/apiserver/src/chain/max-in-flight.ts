import { Overloaded } from '../endpoints/plain-error.ts';
import type { Link } from './link.ts';
import { isUnlimited } from './long-running.ts';
import { mastersGroup } from './user.ts';

/** How many requests are worked on at once. */
export interface InFlightLimits {
  /** `--max-requests-inflight`: requests that only read; 0 for no limit. */
  readonly readOnly: number;
  /** `--max-mutating-requests-inflight`; 0 for no limit. */
  readonly mutating: number;
}

/** Verbs of requests that only read. */
export const readVerbs = new Set(['get', 'list', 'watch']);

/**
 * What limits requests where priority and fairness are off: those beyond the limit are refused at once with 429. Watches and other long-running requests
 * are not counted, administrators not refused.
 */
export function maxInFlight({ readOnly, mutating }: InFlightLimits): Link {
  const reads = { limit: readOnly, inside: 0 };
  const writes = { limit: mutating, inside: 0 };
  return async (context, next) => {
    const { info, user } = context;
    if (info.verb === 'watch' || isUnlimited(context)) return next();
    const requests = readVerbs.has(info.verb) ? reads : writes;
    if (requests.limit === 0) return next();
    if (requests.inside >= requests.limit) {
      if (user.groups.includes(mastersGroup)) return next();
      context.counted = 'limited';
      throw new Overloaded(1);
    }
    requests.inside++;
    context.inFlight?.enter(Date.now());
    try {
      await next();
    } finally {
      requests.inside--;
      context.inFlight?.leave(Date.now());
    }
  };
}
