import { z } from 'zod';
import { fail } from '../failure.ts';
import { parseJson } from '../registry/json.ts';

/** What backups are written as, and the only one that is read. */
const formatVersion = 1;

/** The names of what is in a backup. The list of contents comes first, and the store's snapshot last. */
export const contentsFile = 'backup.json';
export const recordEntry = 'cluster.json';
export const snapshotEntry = 'snapshot.db';
export const pkiEntry = (file: string): string => `pki/${file}`;

const entryName = /^(cluster\.json|snapshot\.db|pki\/[a-z0-9][-.a-z0-9]*\.(crt|key|pub))$/;

const snapshot = z.object({
  /** Of the etcd that gave the snapshot. */
  version: z.string(),
  revision: z.int(),
  /** etcd's own checksum over all keys and values. */
  hash: z.int(),
  keys: z.int(),
});

const contents = z.strictObject({
  kind: z.literal('coracle-backup'),
  version: z.literal(formatVersion),
  created: z.iso.datetime(),
  cluster: z.string(),
  etcd: snapshot,
  /** All other entries, by name. */
  files: z.record(
    z.string().regex(entryName),
    z.strictObject({ size: z.int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  ),
});

/** What etcd tells of a snapshot. */
export type SnapshotFacts = z.infer<typeof snapshot>;

/** What a backup says of itself. */
export type Contents = z.infer<typeof contents>;

/** The list of contents of a new backup. */
export function contentsOf(
  facts: Pick<Contents, 'cluster' | 'etcd' | 'files'> & { created: Date },
): Contents & { version: number } {
  return { kind: 'coracle-backup', version: formatVersion, ...facts, created: facts.created.toISOString() };
}

/** Reads the list of contents. Throws Failure for what is none, or is of another version. */
export function parseContents(bytes: Buffer, where: string): Contents {
  const value = parseJson(bytes);
  const header = z.object({ kind: z.literal('coracle-backup'), version: z.int() }).safeParse(value);
  if (!header.success) return fail(`${where} is no backup of a cluster: its ${contentsFile} is none of a backup`);
  if (header.data.version !== formatVersion) {
    return fail(
      `${where} is a backup of format ${header.data.version}, and this version reads format ${formatVersion}`,
      {
        next: 'Restore it with the version of Coracle that made it.',
      },
    );
  }
  const parsed = contents.safeParse(value);
  if (!parsed.success) return fail(`${where}: ${contentsFile} is not valid: ${z.prettifyError(parsed.error)}`);
  for (const it of [recordEntry, snapshotEntry]) {
    if (!Object.hasOwn(parsed.data.files, it)) fail(`${where}: ${contentsFile} names no ${it}`);
  }
  return parsed.data;
}
