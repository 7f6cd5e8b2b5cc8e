import { lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** A path that no file of an image may have. */
export class PathError extends Error {
  override name = 'PathError';
}

/** As many links as the kernel follows. */
const mostLinks = 40;

/**
 * The parts of a path in an archive, which is relative to the root whatever it begins with. Throws PathError when it leads upwards or names
 * nothing.
 */
export function partsOf(path: string): string[] {
  const parts = path.split('/').filter((it) => it !== '' && it !== '.');
  if (parts.includes('..') || path.includes('\0')) {
    throw new PathError(`${JSON.stringify(path)} leads out of the image`);
  }
  return parts;
}

/**
 * Where a path lies on the machine, with `root` as the root of all links on the way: absolute links start there, and no `..` leads above it.
 * The last part is not followed. What does not exist is taken as it is.
 */
export function within(root: string, parts: readonly string[]): string {
  const rest = parts.slice(0, -1);
  const at: string[] = [];
  for (let links = 0; rest.length > 0; ) {
    const part = rest.shift()!;
    if (part === '..') {
      at.pop();
      continue;
    }
    const place = join(root, ...at, part);
    if (!lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink()) {
      at.push(part);
      continue;
    }
    links += 1;
    if (links > mostLinks) throw new PathError(`${JSON.stringify(parts.join('/'))} has too many links`);
    const target = readlinkSync(place);
    if (target.startsWith('/')) at.length = 0;
    rest.unshift(...target.split('/').filter((it) => it !== '' && it !== '.'));
  }
  return join(root, ...at, ...parts.slice(-1));
}
