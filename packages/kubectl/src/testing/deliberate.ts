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

const sorted = (parts: string[], separator: string): string => [...parts].sort().join(separator);

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
  {
    what: 'keys of a secret that is described, and labels or annotations that are there already, are named in order',
    why: 'upstream names them in the order its maps happen to have, which is another at each call: both are sorted before they are compared',
    apply: (outcome) => ({
      ...outcome,
      stdout: outcome.stdout.replace(
        /(?:^\S+: +\d+ bytes\n)+/gm,
        (lines) => sorted(lines.trimEnd().split('\n'), '\n') + '\n',
      ),
      stderr: outcome.stderr.replace(
        /(found the following declared \S+: )(.*)$/gm,
        (_, start: string, list: string) => start + sorted(list.split('; '), '; '),
      ),
    }),
  },
  {
    what: "version shows this client's version, no kustomize version, all the server tells, and no warning of a version skew",
    why: 'this client is of the level of the server, has no kustomize in it, and knows the fields that /version has since 1.33',
    apply: (outcome) => ({
      ...outcome,
      stdout: outcome.stdout
        .replace(/^Client Version: .*\n(Kustomize Version: .*\n)?/gm, 'Client Version: V\n')
        .replace(/clientVersion:\n( {2}.*\n)+(kustomizeVersion: .*\n)?/g, 'clientVersion: V\n')
        .replace(/"clientVersion": \{[^}]*\}(,\s*"kustomizeVersion": "[^"]*")?/g, '"clientVersion": "V"')
        .replace(/^ *"?(emulation|minCompatibility)(Major|Minor)"?: .*\n/gm, ''),
      stderr: outcome.stderr.replace(/^WARNING: version difference between .*\n/gm, ''),
    }),
  },
  {
    what: 'a manifest of v1beta3 is refused by "error validating …: the server could not find the requested resource"',
    why: 'the version is rejected everywhere by the same words; upstream says that no kind matches. Tested in kubectl.test.ts',
    apply: (outcome) => outcome,
  },
  {
    what: 'the other manifests of a file are read after one that is no YAML or fails validation; YAML errors name the column too',
    why: 'each bad object is named and the others are applied; upstream stops reading the file. Tested in kubectl.test.ts',
    apply: (outcome) => outcome,
  },
  {
    what: 'manifests printed with --local have only the fields they came with',
    why: 'upstream turns some of them into typed objects, which adds empty fields (creationTimestamp: null, resources: {})',
    apply: (outcome) => outcome,
  },
  {
    what: '--help and the usage of commands are in other words',
    why: 'the texts are our own',
    apply: (outcome) => outcome,
  },
  {
    what: 'no user name and password are asked for where a server over TLS is given without credentials',
    why: 'no API server takes passwords any more; the request goes out anonymously and the server says what it wants',
    apply: (outcome) => outcome,
  },
  {
    what: '--sort-by a field that no object has is an error for tables too',
    why: 'upstream reports it for other formats, and says "No resources found" for tables, which is not so',
    apply: (outcome) => outcome,
  },
  {
    what: 'drain --disable-eviction --dry-run=server ends',
    why: 'upstream waits for pods that it did not delete. Tested in commands/drain/removal.test.ts',
    apply: (outcome) => outcome,
  },
  {
    what: 'events -o name prints the names of the events',
    why: 'upstream prints nothing, as its printer of names takes no typed lists',
    apply: (outcome) => outcome,
  },
];
