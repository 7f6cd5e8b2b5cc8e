import { type DestinationStream, destination, type Logger, pino } from 'pino';

export type Log = Logger;

let root: Logger | undefined;
let level = 'info';
/** What `logger` made: a child keeps the level it was made with, so each is told of another one. */
const made: Logger[] = [];

/** The level of klog's verbosity: up to 3 info, 4 and 5 debug, 6 and more trace. */
const levelOf = (verbosity: number): string => (verbosity >= 6 ? 'trace' : verbosity >= 4 ? 'debug' : 'info');

/**
 * The structured log of a part of the program: one JSON object a line on stderr, written at once (nothing is lost on exit).
 * Messages are constant; what varies goes in the fields: `log.info({ pod: key }, 'Pod evicted')`.
 */
export function logger(name: string): Logger {
  root ??= make(destination({ fd: 2, sync: true }));
  const child = root.child({ logger: name });
  made.push(child);
  return child;
}

/** Sets how much is logged, as `-v` does, also by the loggers made before. */
export function setVerbosity(verbosity: number): void {
  level = levelOf(verbosity);
  root ??= make(destination({ fd: 2, sync: true }));
  root.level = level;
  for (const each of made) each.level = level;
}

/** Sets it from text, while the program runs; returns what to say of that. Throws RangeError, in Go's words, for what is no such number. */
export function changeVerbosity(text: string): string {
  const failure = (why: string) => `parsing ${JSON.stringify(text)}: ${why}`;
  if (!/^[0-9]+$/.test(text)) throw new RangeError(`strconv.ParseUint: ${failure('invalid syntax')}`);
  const verbosity = Number(text);
  if (verbosity > 2 ** 32 - 1) throw new RangeError(`strconv.ParseUint: ${failure('value out of range')}`);
  if (verbosity > 2 ** 31 - 1) {
    const cause = `strconv.ParseInt: ${failure('value out of range')}`;
    throw new RangeError(`failed set klog.logging.verbosity ${text}: ${cause}`);
  }
  setVerbosity(verbosity);
  return `successfully set klog.logging.verbosity to ${text}`;
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
