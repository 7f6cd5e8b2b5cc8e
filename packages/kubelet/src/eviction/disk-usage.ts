import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes that files below a folder occupy on disk. What disappears meanwhile does not count. */
export async function diskUsage(folder: string): Promise<number> {
  const found = await lstat(folder).catch(absent);
  if (!found) return 0;
  const own = found.blocks * 512;
  if (!found.isDirectory()) return own;
  let sum = own;
  for (const name of (await readdir(folder).catch(absent)) ?? []) sum += await diskUsage(join(folder, name));
  return sum;
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
}
