import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { extract, pack } from 'tar-stream';
import { Failure, fail } from '../failure.ts';
import {
  type Contents,
  contentsFile,
  contentsOf,
  parseContents,
  type SnapshotFacts,
  snapshotEntry,
} from './contents.ts';

/** The list of contents, the record and each file of the pki folder are far smaller. In bytes. */
const largestText = 1024 * 1024;

/** What goes into a backup: the snapshot and the other entries by name, each a file on this machine. */
export interface Ingredients {
  cluster: string;
  etcd: SnapshotFacts;
  created: Date;
  files: Readonly<Record<string, string>>;
}

/** Writes a backup: a tar archive, compressed with gzip. Ends the output. */
export async function writeArchive(what: Ingredients, out: Writable, signal: AbortSignal): Promise<void> {
  const names = Object.keys(what.files).sort((a, b) => Number(a === snapshotEntry) - Number(b === snapshotEntry));
  const files: Contents['files'] = {};
  for (const name of names) files[name] = await measured(what.files[name]!);
  const contents = Buffer.from(`${JSON.stringify(contentsOf({ ...what, files }), undefined, 2)}\n`);

  const archive = pack();
  const writing = pipeline(archive, createGzip(), out, { signal });
  writing.catch(() => {}); // awaited below
  const header = (name: string, size: number) => ({ name, size, mode: 0o600, mtime: what.created });
  const filling = async () => {
    archive.entry(header(contentsFile, contents.length), contents);
    for (const name of names) {
      await pipeline(createReadStream(what.files[name]!), archive.entry(header(name, files[name]!.size)));
    }
    archive.finalize();
  };
  // What cannot be read must end the writing, and the other way round; the first of the two errors is the cause.
  await Promise.all([
    filling().catch((error) => {
      archive.destroy(error);
      throw error;
    }),
    writing,
  ]);
}

async function measured(file: string): Promise<Contents['files'][string]> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return { size: statSync(file).size, sha256: hash.digest('hex') };
}

/**
 * Unpacks a backup into a folder, and checks each file against the list of contents. Nothing but the files that a backup has is ever written.
 * `where` names the backup in messages. Throws Failure for what is no backup, is damaged or cut short, or has anything else in it.
 */
export async function readArchive(
  source: Readable,
  folder: string,
  where: string,
  signal: AbortSignal,
): Promise<Contents> {
  const unpack = extract();
  const reading = pipeline(source, createGunzip(), unpack, { signal });
  reading.catch(() => {}); // the loop below ends with the same error
  let contents: Contents | undefined;
  const seen = new Set<string>();
  try {
    for await (const entry of unpack) {
      const { name, type, size = 0 } = entry.header;
      const content = entry as AsyncIterable<Buffer>;
      if (type !== 'file') fail(`${where} has ${JSON.stringify(name)} in it, which is no file (${type})`);
      if (name !== snapshotEntry && size > largestText) fail(`${where}: ${JSON.stringify(name)} is too large`);
      if (contents) await keep(content, { name, size }, contents, seen, folder, where);
      else if (name === contentsFile) contents = parseContents(await buffer(content), where);
      else fail(`${where} is no backup of a cluster: it begins with ${JSON.stringify(name)}`);
    }
    await reading;
  } catch (error) {
    signal.throwIfAborted();
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof Failure) throw error;
    if (code !== undefined && !/^Z_|^ERR_/.test(code)) throw error; // of the file system
    fail(`${where} is no backup, or it is damaged: ${(error as Error).message}`, { cause: error });
  }
  if (!contents) return fail(`${where} is no backup of a cluster: it is empty`);
  const missing = Object.keys(contents.files).find((it) => !seen.has(it));
  if (missing !== undefined) fail(`${where} is damaged: ${missing} is not in it`);
  return contents;
}

async function keep(
  content: AsyncIterable<Buffer>,
  { name, size }: { name: string; size: number },
  contents: Contents,
  seen: Set<string>,
  folder: string,
  where: string,
): Promise<void> {
  if (!Object.hasOwn(contents.files, name)) fail(`${where} has ${JSON.stringify(name)} in it, which no backup has`);
  if (seen.has(name)) fail(`${where} has ${name} in it twice`);
  seen.add(name);
  const { sha256, size: written } = contents.files[name]!;
  if (size !== written) fail(`${where} is damaged: ${name} has ${size} bytes, and ${written} were written`);
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const hash = createHash('sha256');
  await pipeline(content, counted(hash), createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true }));
  if (hash.digest('hex') !== sha256) {
    fail(`${where} is damaged: ${name} is not what was written`);
  }
}

function counted(hash: Hash) {
  return async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
}
