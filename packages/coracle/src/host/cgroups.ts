import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { hostMounts } from './mounts.ts';

/** The roots of all control group hierarchies of the host. */
export function cgroupRoots(): string[] {
  return hostMounts()
    .filter((it) => it.type === 'cgroup' || it.type === 'cgroup2')
    .map((it) => it.point);
}

/** Whether the kubelet would find cgroup v1 here: a cgroup2 mount at the root of the tree means v2. */
export function hasCgroupV1(): boolean {
  return !existsSync('/sys/fs/cgroup/cgroup.controllers');
}

/** The processes within a group and all below it, in any hierarchy. */
export function processesIn(group: string): number[] {
  const pids = cgroupRoots().flatMap((root) => foldersBelow(join(root, group)).flatMap(procsOf));
  return [...new Set(pids)];
}

/** Removes a group and all below it from every hierarchy. Groups that still have processes stay; resolves to whether all are gone. */
export async function removeCgroup(group: string, limit = 5000): Promise<boolean> {
  const deadline = Date.now() + limit;
  for (;;) {
    const left = cgroupRoots().flatMap((root) => foldersBelow(join(root, group)).reverse().filter(stays));
    if (left.length === 0) return true;
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20)); // the kernel lets go of a group a little after its last process
  }
}

/** Removes a group only where nothing is below it. */
export function removeEmptyCgroup(group: string): void {
  for (const root of cgroupRoots()) stays(join(root, group));
}

/** A folder and all below it, outer ones first. */
function foldersBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const inner = readdirSync(folder, { withFileTypes: true }).filter((it) => it.isDirectory());
  return [folder, ...inner.flatMap((it) => foldersBelow(join(folder, it.name)))];
}

function stays(folder: string): boolean {
  try {
    rmdirSync(folder);
    return false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return false;
    if (code === 'EBUSY' || code === 'ENOTEMPTY') return true;
    throw error;
  }
}

function procsOf(folder: string): number[] {
  try {
    return readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  } catch (error) {
    if (['ENOENT', 'ENODEV', 'EOPNOTSUPP'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}
