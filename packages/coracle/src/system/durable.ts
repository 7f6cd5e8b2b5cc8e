import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Brings what is in a file, or what a folder lists, to the disk. */
export function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Puts a text into a file: after a power loss the file has the old text or the new one, whole. */
export function replaceFile(file: string, text: string, mode = 0o644): void {
  const fresh = `${file}.coracle-new`;
  rmSync(fresh, { force: true });
  const descriptor = openSync(fresh, 'wx', mode);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(fresh, file);
  sync(dirname(file));
}

/** Points a link to a target: after a power loss it points to the old one or the new one. */
export function replaceLink(link: string, target: string): void {
  const fresh = `${link}.coracle-new`;
  rmSync(fresh, { force: true });
  symlinkSync(target, fresh);
  renameSync(fresh, link);
  sync(dirname(link));
}

/** Renames a finished folder to its place, after all in it has reached the disk. */
export function publish(fresh: string, place: string): void {
  syncTree(fresh);
  renameSync(fresh, place);
  sync(dirname(place));
}

/** File by file: to sync the file system would be one call, and would wait for whatever else is written on the machine. */
function syncTree(folder: string): void {
  for (const it of readdirSync(folder, { withFileTypes: true })) {
    if (it.isDirectory()) syncTree(join(folder, it.name));
    else if (it.isFile()) sync(join(folder, it.name));
  }
  sync(folder);
}
