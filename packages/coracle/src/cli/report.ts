import { existsSync } from 'node:fs';
import type { Failure } from '../failure.ts';

/** Structured logs have long lines; the file has them whole. */
const widest = 300;

/** What a user reads about a failure: what happened, the last lines of the log, and what to do. */
export function describeFailure(failure: Failure): string {
  const { log, lastLines } = failure;
  const removed = log?.startsWith('/') && lastLines.length > 0 && !existsSync(log) ? ' (removed since)' : '';
  return [
    `error: ${failure.message}`,
    ...(log ? [`  log: ${log}${removed}${lastLines.length > 0 ? '; its last lines:' : ' (empty)'}`] : []),
    ...lastLines.map((it) => `  | ${it.length > widest ? `${it.slice(0, widest)}…` : it}`),
    ...(failure.next ? [`  ${failure.next}`] : []),
    '',
  ].join('\n');
}
