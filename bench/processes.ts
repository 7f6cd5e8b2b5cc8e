import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Clock ticks a second in /proc/<pid>/stat; fixed by the Linux ABI on the machines we run on. */
const ticksPerSecond = 100;

/** Resident memory of a process in MB. */
export function residentMb(pid: number): number {
  const found = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (!found) throw new Error(`process ${pid} has no resident memory`);
  return Math.round(Number(found[1]) / 1024);
}

/** Processor time a process has used, in seconds. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** All processes below `root` (itself included) that run a Node.js, with the names they go by. */
export function nodeProcesses(root: number): { pid: number; name: string }[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    const stat = /^\d+$/.test(entry) ? unlessGone(() => readFileSync(`/proc/${entry}/stat`, 'utf8')) : undefined;
    if (stat) parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const inside = (pid: number): boolean => pid === root || (parents.has(pid) && inside(parents.get(pid)!));
  const found: { pid: number; name: string }[] = [];
  for (const pid of parents.keys()) {
    if (!inside(pid) || !unlessGone(() => readlinkSync(`/proc/${pid}/exe`))?.endsWith('/node')) continue;
    const command = unlessGone(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '';
    found.push({ pid, name: /packages\/([^/]+)\//.exec(command)?.[1] ?? command.split('\0')[0]!.trim() });
  }
  return found;
}

/** What `read` gives, or undefined where the process has gone meanwhile. */
function unlessGone(read: () => string): string | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The middle one of several figures. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
