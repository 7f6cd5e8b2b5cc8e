import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';

/** How many lines of a log a failure shows. */
export const shownLines = 12;

/** What is said beside a failure. */
export interface Advice {
  log?: string;
  /** Of the log, where it is no file but what a command prints. */
  lastLines?: readonly string[];
  next?: string;
  cause?: unknown;
}

/**
 * Something that went wrong and that the user can do something about: the message says what, `log` where to read more, `next` what to do.
 * Everything else that is thrown is a bug and shows its stack.
 */
export class Failure extends Error {
  override name = 'Failure';
  /** The file to read, or the command that prints the log. */
  readonly log: string | undefined;
  /** Its last lines, read at once: what is undone then may take the file along. */
  readonly lastLines: readonly string[];
  /** What to do about it, a whole sentence or a command line. */
  readonly next: string | undefined;

  constructor(message: string, advice: Advice = {}) {
    super(message, advice.cause === undefined ? undefined : { cause: advice.cause });
    this.log = advice.log;
    this.lastLines = advice.lastLines ?? linesOf(advice.log);
    this.next = advice.next;
  }
}

/** Throws a Failure. */
export function fail(message: string, advice: Advice = {}): never {
  throw new Failure(message, advice);
}

function linesOf(log: string | undefined): string[] {
  return log !== undefined && existsSync(log) ? lastLines(log, shownLines) : [];
}

/** The last lines of a file, which may be large: only its end is read. */
export function lastLines(file: string, count: number): string[] {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    for (let length = 16 * 1024; ; length *= 4) {
      const part = Buffer.alloc(Math.min(length, size));
      readSync(descriptor, part, 0, part.length, size - part.length);
      const lines = part.toString('utf8').split('\n');
      if (lines.at(-1) === '') lines.pop();
      if (part.length === size) return lines.slice(-count);
      if (lines.length > count) return lines.slice(-count); // the first may be cut, and is not among them
    }
  } finally {
    closeSync(descriptor);
  }
}
