import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { Failure, fail } from '../failure.ts';
import { largestManifest } from '../registry/manifests.ts';

/** A file of an archive. */
export interface Part {
  /** In bytes. */
  size: number;
  /** `sha256:…` of what it really holds. */
  digest: string;
  /** What it holds, of those that may be JSON and are no larger than manifests are. */
  text?: Buffer;
}

/** All files of a tar archive by their clean paths; links stand for what they lead to. */
export type Parts = ReadonlyMap<string, Part>;

/** The path of a file in an archive without the `./` and the `/` it may begin with. */
export const cleanPath = (path: string): string => path.replace(/^(\.?\/)+/, '');

/** Reads a tar archive to its end. `shown` is its name in the Failure that is thrown when it is none, or only the beginning of one. */
export async function archiveParts(file: string, shown: string): Promise<Parts> {
  const parts = new Map<string, Part>();
  const links = new Map<string, string>();
  const unpack = extract();
  const reading = pipeline(createReadStream(file), unpack);
  reading.catch(() => {}); // the loop below ends with the same error
  let entries = 0;
  try {
    for await (const entry of unpack) {
      entries += 1;
      const { name, type, linkname, size = 0 } = entry.header;
      const path = cleanPath(name);
      if (type === 'file') parts.set(path, await readPart(entry as AsyncIterable<Buffer>, size));
      else {
        if (linkname && (type === 'symlink' || type === 'link')) links.set(path, target(path, type, linkname));
        entry.resume();
      }
    }
    await reading;
  } catch (error) {
    if (error instanceof Failure || (error as NodeJS.ErrnoException).code) throw error;
    if (entries === 0) fail(`${shown} is no image: it is no tar archive`, { cause: error });
    const cut = /unexpected end/i.test((error as Error).message);
    fail(
      cut
        ? `${shown} is cut off: it ends in the middle of a file`
        : `${shown} is damaged: it is a tar archive only in part`,
      {
        cause: error,
      },
    );
  }
  for (const [path, to] of links) {
    const part = parts.get(to);
    if (part) parts.set(path, part);
  }
  return parts;
}

/** Where a link leads, from the archive's root. */
function target(path: string, type: 'symlink' | 'link', to: string): string {
  if (type === 'link' || to.startsWith('/')) return cleanPath(to);
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : '';
  return cleanPath(new URL(to, `file:///${folder}`).pathname);
}

async function readPart(content: AsyncIterable<Buffer>, size: number): Promise<Part> {
  const hash = createHash('sha256');
  const kept: Buffer[] = [];
  let keep = size <= largestManifest;
  for await (const chunk of content) {
    hash.update(chunk);
    keep &&= kept.length > 0 || chunk[0] === 0x7b || chunk[0] === 0x5b; // `{`, `[`
    if (keep) kept.push(chunk);
  }
  return {
    size,
    digest: `sha256:${hash.digest('hex')}`,
    ...(keep && kept.length > 0 ? { text: Buffer.concat(kept) } : {}),
  };
}
