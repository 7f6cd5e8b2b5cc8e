import type { Outcome } from './run.ts';

/** A way in which this kubectl differs from upstream's on purpose, and how a comparison leaves it out. */
export interface Deliberate {
  readonly what: string;
  readonly why: string;
  apply(outcome: Outcome, upstream: boolean): Outcome;
}

const stderr =
  (change: (text: string) => string) =>
  (outcome: Outcome): Outcome => ({ ...outcome, stderr: change(outcome.stderr) });

export const deliberate: readonly Deliberate[] = [
  {
    what: "client-go's log lines (E1122 06:43:42.689501 9755 memcache.go:265] …) are not shown",
    why: 'they carry source positions and process ids of another program; the error that follows says the same',
    apply: stderr((text) => text.replace(/^[EWI]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ (?!run\.go)\S+\] .*\n/gm, '')),
  },
  {
    what: 'a missing required flag is an error line, not a log line',
    why: 'upstream since 1.24 prints it so; some packaged builds log it ("command failed") instead',
    apply: stderr((text) =>
      text.replace(
        /^E\d{4} .* run\.go:\d+\] "command failed" err="((?:[^"\\]|\\.)*)"\n/gm,
        (_, error: string) => `error: ${error.replace(/\\(.)/g, '$1')}\n`,
      ),
    ),
  },
];
