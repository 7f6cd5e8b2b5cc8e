import type { Stats } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import type { VolumeKind } from './kinds.ts';

const checks: Record<string, { is(found: Stats): boolean; noun: string }> = {
  Directory: { is: (found) => found.isDirectory(), noun: 'directory' },
  DirectoryOrCreate: { is: (found) => found.isDirectory(), noun: 'directory' },
  File: { is: (found) => found.isFile(), noun: 'file' },
  FileOrCreate: { is: (found) => found.isFile(), noun: 'file' },
  Socket: { is: (found) => found.isSocket(), noun: 'socket file' },
  CharDevice: { is: (found) => found.isCharacterDevice(), noun: 'character device' },
  BlockDevice: { is: (found) => found.isBlockDevice(), noun: 'block device' },
};

/** A path of the node's own file system, of the type the volume demands. */
export const hostPath: VolumeKind = {
  folder: 'kubernetes.io~host-path',
  async setUp({ volume }) {
    const { path, type } = volume.hostPath!;
    if (!type) return path;
    const check = checks[type];
    if (!check) throw new Error(`${type} is an invalid volume type`);
    let found = await stat(path).catch(absent);
    if (!found && type === 'DirectoryOrCreate') await mkdir(path, { recursive: true, mode: 0o755 });
    if (!found && type === 'FileOrCreate') await (await open(path, 'a', 0o644)).close();
    found ??= await stat(path).catch(absent);
    if (!found || !check.is(found)) throw new Error(`hostPath type check failed: ${path} is not a ${check.noun}`);
    return path;
  },
};

function absent(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
}
