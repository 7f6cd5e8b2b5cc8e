import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Failure } from '../failure.ts';

const shownLines = 12;
/** Structured logs have long lines; the file has them whole. */
const widest = 300;

/** What a user reads about a failure: what happened, the last lines of the log, and what to do. */
export function describeFailure(failure: Failure): string {
  const tail = failure.log && existsSync(failure.log) ? lastLines(failure.log, shownLines) : [];
  return [
    `error: ${failure.message}`,
    ...(failure.log ? [`  log: ${failure.log}${tail.length > 0 ? '; its last lines:' : ' (empty)'}`] : []),
    ...tail.map((it) => `  | ${it.length > widest ? `${it.slice(0, widest)}…` : it}`),
    ...(failure.next ? [`  ${failure.next}`] : []),
    '',
  ].join('\n');
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
