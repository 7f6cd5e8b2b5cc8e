import { join } from 'node:path';
import { alone } from '../cluster/lock.ts';
import { fail } from '../failure.ts';
import { pathsOf, type SystemPlace } from './place.ts';

/** Changes the system containers of a place while nobody else does. Throws Failure at once when somebody does. */
export function exclusively<T>(place: SystemPlace, doing: string, work: () => Promise<T>): Promise<T> {
  const { base } = pathsOf(place, '');
  return alone(join(base, '.lock'), doing, work, (holder) =>
    fail(`another process (${holder.pid}) is busy with the system containers in ${base}: coracle ${holder.doing}`, {
      next: 'Wait until it has ended.',
    }),
  );
}
