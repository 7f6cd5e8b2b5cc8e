import { closeSync, fsyncSync, lchownSync, lstatSync, openSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Has the disk hold a file, or what a folder lists: names of files made, moved or removed. */
export function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Has the disk hold all that is in a folder. */
export function syncTree(folder: string): void {
  for (const it of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, it.name);
    if (it.isDirectory()) syncTree(path);
    else if (it.isFile()) sync(path);
  }
  sync(folder);
}

/** Writes a file for its owner alone, whole or not at all, also when the machine loses its power. */
export function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
  sync(dirname(file));
}

/** Gives a folder and all that is in it to a user. */
export function giveTo(path: string, user: { uid: number; gid: number }): void {
  if (lstatSync(path).isDirectory()) for (const it of readdirSync(path)) giveTo(join(path, it), user);
  lchownSync(path, user.uid, user.gid);
}
