import {
  closeSync,
  createReadStream,
  createWriteStream,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, pack } from 'tar-stream';
import { fail } from '../failure.ts';
import { type ArchiveContent, contentOf } from './archive-content.ts';
import { archiveParts, cleanPath } from './archive-parts.ts';

/** An archive that holds images and is whole, as containerd takes it: no compression, names in full. */
export interface ImageArchive {
  /** Where it is now. */
  file: string;
  /** The full names of its images, sorted. */
  names: readonly string[];
}

/**
 * Hands an archive of images to `work`: one in the OCI image layout or in the format of `docker save`, either also compressed by gzip; `-` is
 * standard input. It is read to its end first. What must be kept of it beside the file goes when `work` has ended. Throws Failure when it is no
 * such archive, has no image, or lacks something.
 */
export async function withImageArchive<T>(source: string, work: (archive: ImageArchive) => Promise<T>): Promise<T> {
  const shown = source === '-' ? 'standard input' : source;
  if (source !== '-') checkFile(source);
  const folder = mkdtempSync(join(tmpdir(), 'coracle-load-'));
  try {
    const plain = await uncompressed(await onDisk(source, folder), shown, join(folder, 'plain.tar'));
    const content = contentOf(await archiveParts(plain, shown), shown);
    const file = content.index ? await withIndex(plain, content.index, join(folder, 'named.tar')) : plain;
    return await work({ file, names: content.names });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function checkFile(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found) fail(`there is no file ${file}`);
  if (found.isDirectory()) fail(`${file} is no image: it is a folder`);
}

/** Standard input can be read only once, so it is kept. */
async function onDisk(source: string, folder: string): Promise<string> {
  if (source !== '-') return source;
  const file = join(folder, 'input');
  await pipeline(process.stdin, createWriteStream(file));
  return file;
}

async function uncompressed(file: string, shown: string, into: string): Promise<string> {
  if (statSync(file).isFile() && statSync(file).size === 0) fail(`${shown} is no image: it is empty`);
  if (!isGzip(file)) return file;
  try {
    await pipeline(createReadStream(file), createGunzip(), createWriteStream(into));
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR') fail(`${shown} is cut off: its gzip data has no end`, { cause: error });
    if (code.startsWith('Z_')) fail(`${shown} is damaged: ${(error as Error).message}`, { cause: error });
    throw error;
  }
  return into;
}

function isGzip(file: string): boolean {
  const start = Buffer.alloc(2);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, start, 0, 2, 0);
  } finally {
    closeSync(descriptor);
  }
  return start[0] === 0x1f && start[1] === 0x8b;
}

/** A copy of an OCI archive with another index.json. */
async function withIndex(archive: string, index: NonNullable<ArchiveContent['index']>, into: string): Promise<string> {
  const unpack = extract();
  const out = pack();
  const reading = pipeline(createReadStream(archive), unpack);
  const writing = pipeline(out, createWriteStream(into));
  for (const it of [reading, writing]) it.catch(() => {}); // awaited at the end
  for await (const entry of unpack) {
    if (cleanPath(entry.header.name) === 'index.json') {
      entry.resume();
      out.entry({ name: 'index.json' }, JSON.stringify(index));
    } else await pipeline(entry, out.entry(entry.header));
  }
  out.finalize();
  await Promise.all([reading, writing]);
  return into;
}
