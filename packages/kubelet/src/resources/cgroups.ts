import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a cgroup of pods may use. Undefined and 0 leave a setting as it is. */
export interface CgroupLimits {
  cpuShares?: number;
  /** Microseconds per `cpuPeriod`; -1 lifts the limit. */
  cpuQuota?: number;
  cpuPeriod?: number;
  /** Bytes. */
  memory?: number;
  pids?: number;
  /** Bytes by page size as the kernel names it (`2MB`). */
  hugepages?: Record<string, number>;
}

/** The control groups of the host, version 1 or 2. Names are paths from the hierarchy's root (`/kubepods/burstable/pod…`). */
export interface Cgroups {
  readonly version: 1 | 2;
  create(name: string, limits: CgroupLimits): Promise<void>;
  /** Removes a cgroup and those below it; fails while processes live there. */
  remove(name: string): Promise<void>;
  /** Names of the cgroups directly below one. */
  children(name: string): Promise<string[]>;
  pids(name: string): Promise<number[]>;
  usage(name: string): Promise<CgroupUsage | undefined>;
}

export interface CgroupUsage {
  cpuNanoseconds: number;
  memoryBytes: number;
  /** Memory that is in use and cannot be reclaimed at once. */
  workingSetBytes: number;
  rssBytes: number;
  pageFaults: number;
  majorPageFaults: number;
}

/** Opens the host's cgroup file system: the unified hierarchy where it is mounted at `base`, version 1's otherwise. */
export async function openCgroups(base = '/sys/fs/cgroup'): Promise<Cgroups> {
  const version = existsSync(join(base, 'cgroup.controllers')) ? 2 : 1;
  if (version === 2) return unified(base);
  const { versionOne } = await import('./cgroups-v1.ts');
  return versionOne(base);
}

function unified(base: string): Cgroups {
  const at = (name: string, file = ''): string => join(base, name, file);
  return {
    version: 2,
    async create(name, limits) {
      const { sharesToWeight } = await import('./linux.ts');
      let parent = '';
      for (const part of name.split('/').filter(Boolean)) {
        await enableControllers(join(base, parent));
        parent = join(parent, part);
        await mkdir(join(base, parent), { recursive: true });
      }
      if (limits.cpuShares) await writeFile(at(name, 'cpu.weight'), String(sharesToWeight(limits.cpuShares)));
      if (limits.cpuQuota) {
        const quota = limits.cpuQuota < 0 ? 'max' : limits.cpuQuota;
        await writeFile(at(name, 'cpu.max'), `${quota} ${limits.cpuPeriod ?? 100_000}`);
      }
      if (limits.memory) await writeFile(at(name, 'memory.max'), limits.memory < 0 ? 'max' : String(limits.memory));
      if (limits.pids) await writeFile(at(name, 'pids.max'), limits.pids < 0 ? 'max' : String(limits.pids));
      for (const [size, bytes] of Object.entries(limits.hugepages ?? {})) {
        await writeFile(at(name, `hugetlb.${size}.max`), String(bytes));
      }
    },
    remove: (name) => removeTree(at(name)),
    children: (name) => folders(at(name)),
    pids: (name) => pidsIn(at(name)),
    async usage(name) {
      const text = await readIfThere(at(name, 'memory.current'));
      const cpu = await readIfThere(at(name, 'cpu.stat'));
      if (text === undefined || cpu === undefined) return undefined;
      const memory = fields((await readIfThere(at(name, 'memory.stat'))) ?? '');
      const used = Number(text);
      return {
        cpuNanoseconds: (fields(cpu).get('usage_usec') ?? 0) * 1000,
        memoryBytes: used,
        workingSetBytes: Math.max(0, used - (memory.get('inactive_file') ?? 0)),
        rssBytes: memory.get('anon') ?? 0,
        pageFaults: memory.get('pgfault') ?? 0,
        majorPageFaults: memory.get('pgmajfault') ?? 0,
      };
    },
  };
}

/** Lets the children of a cgroup use every controller that the cgroup itself has. */
async function enableControllers(folder: string): Promise<void> {
  const has = (await readFile(join(folder, 'cgroup.controllers'), 'utf8')).split(/\s+/).filter(Boolean);
  const enabled = (await readFile(join(folder, 'cgroup.subtree_control'), 'utf8')).split(/\s+/);
  const missing = has.filter((each) => !enabled.includes(each));
  if (missing.length > 0)
    await writeFile(join(folder, 'cgroup.subtree_control'), missing.map((each) => `+${each}`).join(' '));
}

export async function removeTree(folder: string): Promise<void> {
  for (const child of await folders(folder)) await removeTree(join(folder, child));
  await rmdir(folder).catch(ignoreAbsent);
}

export async function folders(folder: string): Promise<string[]> {
  const entries = (await readdir(folder, { withFileTypes: true }).catch(ignoreAbsent)) ?? [];
  return entries.filter((each) => each.isDirectory()).map((each) => each.name);
}

/** All processes in a cgroup and below. */
export async function pidsIn(folder: string): Promise<number[]> {
  const own = ((await readIfThere(join(folder, 'cgroup.procs'))) ?? '').split('\n').filter(Boolean).map(Number);
  const below = await Promise.all((await folders(folder)).map((child) => pidsIn(join(folder, child))));
  return [...own, ...below.flat()];
}

export async function readIfThere(path: string): Promise<string | undefined> {
  return (await readFile(path, 'utf8').catch(ignoreAbsent)) ?? undefined;
}

/** `name number` lines. */
export function fields(text: string): Map<string, number> {
  return new Map(text.split('\n').map((line) => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])]));
}

export function ignoreAbsent(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT' && code !== 'ENODEV' && code !== 'ENOTDIR') throw error;
}
