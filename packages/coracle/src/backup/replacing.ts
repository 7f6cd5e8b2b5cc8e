import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { type ClusterPlace, ownEntries, recordFile } from '../cluster/cluster.ts';
import { fail } from '../failure.ts';
import { sync, writeWhole } from '../host/files.ts';

/**
 * Replaces parts of a cluster's folder together: whatever happens between, all of them are the old ones or all of them the new ones after the
 * next command that starts nodes. What comes is prepared beside; what goes is kept until the new state has proved itself.
 */

const journalShape = z.object({
  version: z.literal(1),
  /** `replacing`: parts are being moved, and are to be moved back. `replaced`: all new parts are in their places. */
  phase: z.enum(['replacing', 'replaced']),
  /** There was no cluster: it begins to be one with its record, which is the last part. */
  fresh: z.boolean(),
  /** Paths below the cluster's folder, and whether there was anything before. */
  parts: z.array(z.object({ path: z.string(), existed: z.boolean() })),
  /** When the first part was moved: nothing of the cluster ran then. */
  begun: z.iso.datetime(),
  /** Nodes that the new state knows and that are no more. */
  goneNodes: z.array(z.string()),
});

type Journal = z.infer<typeof journalShape>;

/** All that a restore keeps while it is under way. */
export const restoreFolder = (place: ClusterPlace): string => join(place.data, 'restore');
/** Where the new form of a part is prepared, `path` being below the cluster's folder. */
export const newPart = (place: ClusterPlace, path: string): string => join(restoreFolder(place), 'new', path);
const oldPart = (place: ClusterPlace, path: string): string => join(restoreFolder(place), 'old', path);
const journalFile = (place: ClusterPlace): string => join(restoreFolder(place), 'journal.json');

/** How a part is moved; tests let it fail. */
export type Move = (from: string, to: string) => void;

/** Puts prepared parts in their places. No node may run. When it throws, settle puts everything back. */
export function replaceParts(
  place: ClusterPlace,
  paths: readonly string[],
  about: Pick<Journal, 'fresh' | 'goneNodes'>,
  move: Move = moveDurably,
): void {
  const parts = paths.map((path) => ({ path, existed: existsSync(join(place.data, path)) }));
  const journal: Journal = { version: 1, phase: 'replacing', begun: new Date().toISOString(), ...about, parts };
  writeJournal(place, journal);
  for (const { path, existed } of parts) {
    if (existed) move(join(place.data, path), oldPart(place, path));
    move(newPart(place, path), join(place.data, path));
  }
  writeJournal(place, { ...journal, phase: 'replaced' });
}

/** Puts the old parts back, and forgets the new ones. May be repeated when it was interrupted. No node may run. */
export function putBack(place: ClusterPlace, move: Move = moveDurably): void {
  const journal = readJournal(place);
  if (!journal) {
    removeFolder(place);
    return;
  }
  writeJournal(place, { ...journal, phase: 'replacing' });
  for (const { path, existed } of journal.parts.toReversed()) {
    const [was, is] = [oldPart(place, path), join(place.data, path)];
    if (existsSync(was)) {
      rmSync(is, { recursive: true, force: true });
      move(was, is);
    } else if (!existed) rmSync(is, { recursive: true, force: true });
  }
  if (journal.fresh) {
    const rest = ownEntries.filter((it) => join(place.data, it) !== restoreFolder(place));
    for (const it of rest) rmSync(join(place.data, it), { recursive: true, force: true });
  }
  removeFolder(place);
}

/** What the programs of a new state must know of the restore that brought it, until it has proved itself. */
export function restoreUnderWay(place: ClusterPlace): { begun: Date; goneNodes: string[] } | undefined {
  const journal = readJournal(place);
  return journal && { begun: new Date(journal.begun), goneNodes: journal.goneNodes };
}

/** The new state is there to stay: the old one goes. */
export const forgetOld = (place: ClusterPlace): void => removeFolder(place);

/**
 * Puts right what an interrupted restore left. Resolves to whether all parts are new ones that have not proved themselves yet: then what was
 * before is still kept.
 */
export function settleRestore(place: ClusterPlace): boolean {
  if (!existsSync(restoreFolder(place))) return false;
  const journal = readJournal(place);
  const whole = journal && (journal.phase === 'replaced' || (journal.fresh && existsSync(recordFile(place))));
  if (!whole) putBack(place);
  return whole === true;
}

function writeJournal(place: ClusterPlace, journal: Journal): void {
  mkdirSync(restoreFolder(place), { recursive: true, mode: 0o700 });
  writeWhole(journalFile(place), `${JSON.stringify(journal, undefined, 2)}\n`);
}

function readJournal(place: ClusterPlace): Journal | undefined {
  const file = journalFile(place);
  if (!existsSync(file)) return undefined;
  const parsed = journalShape.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  return fail(`${file}, the journal of a restore, is not one this version knows`, {
    next: `The state before it is in ${join(restoreFolder(place), 'old')}.`,
  });
}

function moveDurably(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  renameSync(from, to);
  sync(dirname(to));
  sync(dirname(from));
}

/** The journal goes last: what is half removed is still known for what it is. */
function removeFolder(place: ClusterPlace): void {
  for (const it of ['unpacked', 'new', 'old']) {
    rmSync(join(restoreFolder(place), it), { recursive: true, force: true });
  }
  rmSync(restoreFolder(place), { recursive: true, force: true });
}
