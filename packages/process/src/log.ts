import { type DestinationStream, destination, type Logger, pino } from 'pino';

export type Log = Logger;

let root: Logger | undefined;
let level = 'info';

/** The level of klog's verbosity: up to 3 info, 4 and 5 debug, 6 and more trace. */
const levelOf = (verbosity: number): string => (verbosity >= 6 ? 'trace' : verbosity >= 4 ? 'debug' : 'info');

/**
 * The structured log of a part of the program: one JSON object a line on stderr, written at once (nothing is lost on exit).
 * Messages are constant; what varies goes in the fields: `log.info({ pod: key }, 'Pod evicted')`.
 */
export function logger(name: string): Logger {
  root ??= make(destination({ fd: 2, sync: true }));
  return root.child({ logger: name });
}

/** Sets how much is logged, as `-v` does; loggers made before follow at their next child. Returns the root. */
export function setVerbosity(verbosity: number): void {
  level = levelOf(verbosity);
  root ??= make(destination({ fd: 2, sync: true }));
  root.level = level;
}

const make = (to: DestinationStream): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: 'msg',
      errorKey: 'err',
      formatters: { level: (label) => ({ level: label }) },
    },
    to,
  );
