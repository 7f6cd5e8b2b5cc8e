import { constants } from 'node:fs';
import { chmod, type FileHandle, mkdir, open, readlink, realpath, stat, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { bindMount, unmountBelow } from './mounts.ts';

/** Opens a name without needing any right on the file (Linux). */
const O_PATH = 0o10000000;

/**
 * Binds `subPath` of a volume to `target`, making folders that are missing, and returns `target`. What is bound is what was checked: a
 * container that swaps a folder for a link meanwhile does not get out of the volume.
 */
export async function bindSubPath(volume: string, subPath: string, target: string): Promise<string> {
  if (subPath.startsWith('/')) throw new Error(`subPath "${subPath}" must be a relative path`);
  if (subPath.split('/').includes('..')) throw new Error(`subPath "${subPath}" must not contain '..'`);
  // What an earlier start of the container was shown may be another file by now.
  await unmountBelow(target);
  const root = await realpath(volume);
  await using handle = await openInside(root, normalize(subPath), true);
  const source = `/proc/${process.pid}/fd/${handle.fd}`;
  await mkdir(dirname(target), { recursive: true });
  if ((await stat(source)).isDirectory()) await mkdir(target, { recursive: true });
  else await writeFile(target, '');
  await bindMount(source, target);
  return target;
}

/**
 * Opens a path in a volume and makes sure that it lies there; with `create`, missing folders are made, with the rights of the volume's
 * own folder: a container that does not run as root may write there what it may write in the volume.
 */
export async function openInside(root: string, path: string, create: boolean): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(join(root, path), O_PATH);
  } catch (error) {
    if (!create || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const parent = dirname(path);
    await using above = await openInside(root, parent, parent !== '.');
    const name = path.slice(parent === '.' ? 0 : parent.length + 1);
    const made = await mkdir(`/proc/self/fd/${above.fd}/${name}`, { mode: 0o750 }).then(() => true, exists);
    handle = await open(`/proc/self/fd/${above.fd}/${name}`, O_PATH | constants.O_NOFOLLOW);
    // Not by mkdir, whose mode the umask narrows.
    if (made) await chmod(`/proc/self/fd/${handle.fd}`, (await stat(root)).mode & 0o7777);
  }
  const real = await readlink(`/proc/self/fd/${handle.fd}`);
  if (real === root || real.startsWith(`${root}/`)) return handle;
  await handle.close();
  throw new Error(`subPath "${path}" is not within volume path "${root}"`);
}

function exists(error: unknown): false {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  return false;
}
