import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';

/** One file of a volume whose content comes from the API. */
export interface ProjectedFile {
  data: Buffer;
  mode: number;
  /** Owner, where it is not root. */
  uid?: number;
}

/** Paths are relative to the volume. */
export type Payload = ReadonlyMap<string, ProjectedFile>;

const dataLink = '..data';
const nextLink = '..data_tmp';

/**
 * Makes a folder show exactly the files of `payload`, all changed at one instant: files live in a folder of their own, the link
 * `..data` names it and is swapped by a rename, and each top-level name is a link through `..data`. `own` is called on the new
 * folder before it is shown. Returns whether anything changed. Throws on paths that leave the folder.
 */
export async function writeAtomically(
  folder: string,
  payload: Payload,
  own?: (folder: string) => Promise<void>,
): Promise<boolean> {
  for (const path of payload.keys()) checkPath(path);
  const current = await readlink(join(folder, dataLink)).catch(absent);
  if (current !== undefined && (await holds(join(folder, current), payload))) {
    // A crash may have come between the swap and the links.
    await linkNames(folder, payload);
    return false;
  }

  const stamp = new Date().toISOString().replace(/[-:]/g, '_').replace('T', '_').replace('Z', '');
  const made = await mkdtemp(join(folder, `..${stamp}.`));
  await chmod(made, 0o755);
  for (const [path, { data, mode, uid }] of payload) {
    const target = join(made, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, data);
    await chmod(target, mode);
    if (uid !== undefined) await chown(target, uid, -1);
  }
  await own?.(made);

  await rm(join(folder, nextLink), { force: true });
  await symlink(made.slice(folder.length).replace(/^\/+/, ''), join(folder, nextLink));
  await rename(join(folder, nextLink), join(folder, dataLink));
  await linkNames(folder, payload);
  if (current !== undefined) await rm(join(folder, current), { recursive: true, force: true });
  return true;
}

/** Makes the links of the top-level names and removes those of names that are gone. */
async function linkNames(folder: string, payload: Payload): Promise<void> {
  const wanted = new Set([...payload.keys()].map((path) => normalize(path).split('/')[0]!));
  const present = new Set(await readdir(folder));
  for (const name of wanted) if (!present.has(name)) await symlink(join(dataLink, name), join(folder, name));
  for (const name of present)
    if (!name.startsWith('..') && !wanted.has(name)) await rm(join(folder, name), { force: true });
}

async function holds(folder: string, payload: Payload): Promise<boolean> {
  const found = await filesBelow(folder, '');
  if (found.length !== payload.size) return false;
  for (const path of found) {
    const file = payload.get(path);
    if (!file) return false;
    const target = join(folder, path);
    if (((await stat(target)).mode & 0o777 & ~0o070) !== (file.mode & 0o777 & ~0o070)) return false;
    if (!(await readFile(target)).equals(file.data)) return false;
  }
  return true;
}

async function filesBelow(folder: string, prefix: string): Promise<string[]> {
  const entries = (await readdir(folder, { withFileTypes: true }).catch(absent)) ?? [];
  const lists = await Promise.all(
    entries.map(async (each) => {
      const path = prefix ? `${prefix}/${each.name}` : each.name;
      return each.isDirectory() ? filesBelow(join(folder, each.name), path) : [path];
    }),
  );
  return lists.flat();
}

function checkPath(path: string): void {
  if (path === '') throw new Error('invalid path: must not be empty');
  if (path.startsWith('/')) throw new Error('invalid path: must be relative path');
  if (path.split('/').includes('..')) throw new Error(`invalid path: must not contain '..': ${path}`);
  if (path.startsWith('..')) throw new Error("invalid path: must not start with '..'");
}

function absent(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT') throw error;
}
