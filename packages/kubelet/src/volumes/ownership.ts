import { chmod, lchown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const groupReadWrite = 0o660;
const groupRead = 0o440;
/** New files in a folder get its group; the group may enter. */
const folderBits = 0o2110;

/**
 * Gives a volume to a group (fsGroup): all files belong to it and it may read them, and write unless `readOnly`. With
 * `OnRootMismatch` nothing is done when the volume's root already is as wanted.
 */
export async function giveToGroup(
  folder: string,
  gid: number,
  options: { readOnly?: boolean; changePolicy?: string } = {},
): Promise<void> {
  const mask = options.readOnly ? groupRead : groupReadWrite;
  if (options.changePolicy === 'OnRootMismatch') {
    const root = await lstat(folder);
    const wanted = mask | folderBits;
    if (root.gid === gid && (root.mode & wanted) === wanted) return;
  }
  await walk(folder, gid, mask);
}

async function walk(path: string, gid: number, mask: number): Promise<void> {
  const found = await lstat(path);
  await lchown(path, found.uid, gid);
  if (found.isSymbolicLink()) return;
  const folder = found.isDirectory();
  await chmod(path, (found.mode & 0o7777) | mask | (folder ? folderBits : 0));
  if (!folder) return;
  for (const name of await readdir(path)) await walk(join(path, name), gid, mask);
}
