import type { Link } from './link.ts';

/** Pages that must answer while a server starts: they tell how far it is. */
const always = /^\/(healthz|livez|readyz|metrics|version)(\/|$)/;

/**
 * Holds requests back while the server starts, until `started` resolves: before the watch caches are loaded a list would seem empty,
 * and before the roles are known everybody would seem to have none. Health pages go through.
 */
export function starting(started: Promise<void>): Link {
  let done = false;
  started.then(
    () => {
      done = true;
    },
    () => undefined, // the one who starts it reports that; requests end at their deadline
  );
  return async (context, next) => {
    if (!done && !always.test(context.info.path)) await started;
    await next();
  };
}
