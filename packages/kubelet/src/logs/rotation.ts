import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { CriClient } from '../cri/client.ts';
import { ContainerState } from '../cri/generated/runtime.v1.ts';

export interface RotationLimits {
  /** Bytes after which a log is rotated. */
  maxSize: number;
  /** Files kept of one container's log, the one written to included. */
  maxFiles: number;
}

/** Rotates the logs of running containers that have grown too large; returns how many. */
export async function rotateLogs(
  cri: CriClient,
  limits: RotationLimits,
  failed: (path: string, error: unknown) => void,
): Promise<number> {
  const { containers } = await cri.runtime.listContainers({
    filter: { state: { state: ContainerState.CONTAINER_RUNNING } },
  });
  let rotated = 0;
  for (const { id } of containers) {
    let path = '';
    try {
      path = (await cri.runtime.containerStatus({ containerId: id })).status?.logPath ?? '';
      if (!path || (await sizeOf(path)) < limits.maxSize) continue;
      await rotate(path, limits.maxFiles, () =>
        cri.runtime.reopenContainerLog({ containerId: id }).then(() => undefined),
      );
      rotated++;
    } catch (error) {
      failed(path, error);
    }
  }
  return rotated;
}

/**
 * Renames `0.log` to `0.log.<time>`, has the runtime open a new one, compresses all rotated files but the newest (a reader may still
 * follow it), and removes the oldest beyond `maxFiles`.
 */
export async function rotate(
  path: string,
  maxFiles: number,
  reopen: () => Promise<void>,
  now = new Date(),
): Promise<void> {
  const folder = dirname(path);
  const base = basename(path);
  const old = (await readdir(folder)).filter((name) => name.startsWith(`${base}.`)).sort();
  for (const name of old.filter((each) => each.endsWith('.tmp'))) await unlink(join(folder, name));
  const kept = old.filter((each) => !each.endsWith('.tmp'));
  // One place is for the file that is rotated now, one for the new one.
  while (kept.length > Math.max(0, maxFiles - 2)) await unlink(join(folder, kept.shift()!));
  for (const name of kept) if (!name.endsWith('.gz')) await compress(join(folder, name));
  const stamp = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const aside = `${path}.${stamp}`;
  await rename(path, aside);
  try {
    await reopen();
  } catch (error) {
    await rename(aside, path);
    throw error;
  }
}

async function compress(path: string): Promise<void> {
  const temporary = `${path}.tmp`;
  await pipeline(createReadStream(path), createGzip(), createWriteStream(temporary));
  await rename(temporary, `${path}.gz`);
  await unlink(path);
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
