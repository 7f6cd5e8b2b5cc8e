import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cgroups, fields, folders, pidsIn, readIfThere, removeTree } from './cgroups.ts';

/** cgroup v1: one hierarchy for each controller (or pair of them), each with the same names in it. */
export async function versionOne(base: string): Promise<Cgroups> {
  const mounted = await mountedIn(base);
  // `cpu` and `cpuacct` may be links to one `cpu,cpuacct`.
  const hierarchies = [...new Set([...mounted, ...(await links(base))])];
  const holding = (controller: string): string | undefined =>
    hierarchies.find((each) => each === controller) ?? hierarchies.find((each) => each.split(',').includes(controller));
  const file = (controller: string, name: string, setting: string): string | undefined => {
    const hierarchy = holding(controller);
    return hierarchy && join(base, hierarchy, name, setting);
  };
  const write = async (controller: string, name: string, setting: string, value: number): Promise<void> => {
    const path = file(controller, name, setting);
    if (path) await writeFile(path, String(value));
  };
  const read = (controller: string, name: string, setting: string): Promise<string | undefined> => {
    const path = file(controller, name, setting);
    return path ? readIfThere(path) : Promise.resolve(undefined);
  };

  return {
    version: 1,
    async create(name, limits) {
      for (const hierarchy of mounted) {
        await mkdir(join(base, hierarchy, name), { recursive: true });
        if (hierarchy === 'cpuset') await inheritCpuset(join(base, hierarchy), name);
      }
      if (limits.cpuShares) await write('cpu', name, 'cpu.shares', limits.cpuShares);
      if (limits.cpuQuota) {
        if (limits.cpuPeriod) await write('cpu', name, 'cpu.cfs_period_us', limits.cpuPeriod);
        await write('cpu', name, 'cpu.cfs_quota_us', limits.cpuQuota);
      }
      if (limits.memory) await write('memory', name, 'memory.limit_in_bytes', limits.memory);
      if (limits.pids) await write('pids', name, 'pids.max', limits.pids);
      for (const [size, bytes] of Object.entries(limits.hugepages ?? {})) {
        await write('hugetlb', name, `hugetlb.${size}.limit_in_bytes`, bytes);
      }
    },
    async remove(name) {
      for (const hierarchy of mounted) await removeTree(join(base, hierarchy, name));
    },
    async children(name) {
      const all = await Promise.all(mounted.map((hierarchy) => folders(join(base, hierarchy, name))));
      return [...new Set(all.flat())];
    },
    async pids(name) {
      const all = await Promise.all(mounted.map((hierarchy) => pidsIn(join(base, hierarchy, name))));
      return [...new Set(all.flat())];
    },
    async usage(name) {
      const used = await read('memory', name, 'memory.usage_in_bytes');
      const cpu = await read('cpuacct', name, 'cpuacct.usage');
      if (used === undefined || cpu === undefined) return undefined;
      const memory = fields((await read('memory', name, 'memory.stat')) ?? '');
      return {
        cpuNanoseconds: Number(cpu),
        memoryBytes: Number(used),
        workingSetBytes: Math.max(0, Number(used) - (memory.get('total_inactive_file') ?? 0)),
        rssBytes: memory.get('total_rss') ?? 0,
        pageFaults: memory.get('total_pgfault') ?? 0,
        majorPageFaults: memory.get('total_pgmajfault') ?? 0,
      };
    },
  };
}

/** The hierarchies of controllers. systemd also leaves folders of those that it could not mount. */
async function mountedIn(base: string): Promise<string[]> {
  const all = (await folders(base)).filter((each) => each !== 'unified');
  const processes = await Promise.all(all.map((each) => readIfThere(join(base, each, 'cgroup.procs'))));
  return all.filter((_, index) => processes[index] !== undefined);
}

async function links(base: string): Promise<string[]> {
  return (await readdir(base, { withFileTypes: true }))
    .filter((each) => each.isSymbolicLink())
    .map((each) => each.name);
}

/** A new cpuset holds no CPU and no memory node until told; processes could not enter it. */
async function inheritCpuset(root: string, name: string): Promise<void> {
  let parent = root;
  for (const part of name.split('/').filter(Boolean)) {
    const child = join(parent, part);
    for (const setting of ['cpuset.cpus', 'cpuset.mems']) {
      const own = (await readFile(join(child, setting), 'utf8')).trim();
      if (own === '') await writeFile(join(child, setting), await readFile(join(parent, setting), 'utf8'));
    }
    parent = child;
  }
}
