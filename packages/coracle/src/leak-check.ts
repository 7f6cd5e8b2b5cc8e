import { type Dirent, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkout, defaultBase } from './cluster/cluster.ts';
import { cgroupRoots } from './host/cgroups.ts';
import { hostMounts } from './host/mounts.ts';
import { allProcesses, identify, readProcess } from './host/processes.ts';
import { CommandError, run } from './host/run.ts';

/** What of the host a cluster could leave something in. Each list is sorted. */
export interface HostSnapshot {
  processes: string[];
  mounts: string[];
  cgroups: string[];
  links: string[];
  addresses: string[];
  routes: string[];
  rules: string[];
  namespaces: string[];
  files: string[];
}

/**
 * Lists what there is on the host of all that a cluster makes: compare one taken before `up` with one taken after `reset`. `folders` are listed
 * besides the usual places of clusters.
 */
export async function takeSnapshot(folders: readonly string[] = []): Promise<HostSnapshot> {
  const [links, addresses, routes, rules] = await Promise.all([
    run(['ip', '-o', 'link', 'show']),
    run(['ip', '-o', 'address', 'show']),
    run(['ip', 'route', 'show', 'table', 'all']),
    firewall(),
  ]);
  return {
    processes: coracleProcesses(),
    mounts: hostMounts()
      .map((it) => `${it.point} (${it.type})`)
      .sort(),
    cgroups: cgroupRoots()
      .flatMap((root) => present(join(root, 'coracle')))
      .sort(),
    links: lines(links).map((it) => it.split(': ')[1]!.replace(/@.*/, '')),
    addresses: lines(addresses).map((it) => it.split(/\s+/).slice(1, 4).join(' ')),
    routes: lines(routes).map((it) => it.trim()),
    rules,
    namespaces: present('/run/netns').sort(),
    files: [...new Set([defaultBase, '/run/coracle', ...folders].flatMap(present))].sort(),
  };
}

/** What is in one snapshot and not in the other, a line each: `links: cor-dev is left`, `routes: … is gone`. Empty when nothing leaked. */
export function differences(before: HostSnapshot, after: HostSnapshot): string[] {
  return (Object.keys(before) as (keyof HostSnapshot)[]).flatMap((kind) => {
    const [was, is] = [new Set(before[kind]), new Set(after[kind])];
    // What ended meanwhile is only ours to answer for where we could have removed it.
    const gone =
      kind === 'processes' ? [] : outermost([...was].filter((it) => !is.has(it))).map((it) => `${kind}: ${it} is gone`);
    return [...outermost([...is].filter((it) => !was.has(it))).map((it) => `${kind}: ${it} is left`), ...gone];
  });
}

/** Of paths, those that are not below another one. */
function outermost(paths: readonly string[]): string[] {
  return paths.filter((path) => !paths.some((it) => path.startsWith(`${it}/`)));
}

/** Processes of Coracle: in a node's control group, or this very program; not the caller, its ancestors and its children. */
function coracleProcesses(): string[] {
  const parents = new Map(
    allProcesses().map((pid) => [pid, Number(/^PPid:\t(\d+)$/m.exec(readProcess(pid, 'status') ?? '')?.[1] ?? 0)]),
  );
  const family = (pid: number): number[] => {
    const above: number[] = [];
    for (let at: number | undefined = pid; at && !above.includes(at); at = parents.get(at)) above.push(at);
    return above;
  };
  const own = new Set(family(process.pid));
  return [...parents.keys()]
    .filter((pid) => !own.has(pid) && !family(pid).includes(process.pid) && identify(pid))
    .map((pid) => ({
      pid,
      command: (readProcess(pid, 'cmdline') ?? '').replaceAll('\0', ' ').trim(),
      group: readProcess(pid, 'cgroup') ?? '',
    }))
    .filter(({ command, group }) => group.includes(':/coracle/') || isProgram(command))
    .map(({ pid, command, group }) => `${pid} ${command.slice(0, 160)} (${group.split('\n', 1)[0]!.split(':').at(-1)})`)
    .sort();
}

/** Whether a command line is the one of `coracle` or of a node's supervisor, rather than of a tool that works on their files. */
function isProgram(command: string): boolean {
  const [, path] = command.split(`${checkout}/`);
  return path !== undefined && /^packages\/coracle\/src\/(main|node\/init|forwarding\/main)\.ts\b/.test(path);
}

/** All rules of the packet filters, without their counters. */
async function firewall(): Promise<string[]> {
  const outputs = await Promise.all(
    [['nft', 'list', 'ruleset'] as const, ['iptables-save'] as const].map((it) => orNothing(run(it))),
  );
  return outputs
    .flatMap(lines)
    .map((it) => it.replace(/\[\d+:\d+\]|counter packets \d+ bytes \d+/g, '').trim())
    .filter((it) => !it.startsWith('#'))
    .sort();
}

/** A tool that is not on this machine has made no rules. */
async function orNothing(output: Promise<string>): Promise<string> {
  try {
    return await output;
  } catch (error) {
    if (error instanceof CommandError && error.code === 'ENOENT') return '';
    throw error;
  }
}

/** How deep folders are listed: what is left of a cluster shows near the top, and images hold files by the thousand. */
const deepest = 5;

/** A folder and the paths below it, links not followed. What vanishes while it is read is gone. */
function below(folder: string, depth = deepest): string[] {
  return [
    folder,
    ...entriesOf(folder).flatMap((it) => {
      const path = join(folder, it.name);
      return it.isDirectory() && depth > 1 ? below(path, depth - 1) : [path];
    }),
  ];
}

function present(folder: string): string[] {
  return existsSync(folder) ? below(folder) : [];
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .filter((it) => it.trim() !== '')
    .sort();
}
