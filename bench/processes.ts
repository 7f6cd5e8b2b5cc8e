import { readdirSync, readFileSync } from 'node:fs';

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

/** All processes below `root` (itself included) that run a Node.js, with the script they run. */
export function nodeProcesses(root: number): { pid: number; name: string }[] {
  const found: { pid: number; name: string }[] = [];
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = text(`/proc/${entry}/stat`);
    if (stat) parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const inside = (pid: number): boolean => pid === root || (parents.has(pid) && inside(parents.get(pid)!));
  for (const pid of parents.keys()) {
    const command = text(`/proc/${pid}/cmdline`)?.split('\0') ?? [];
    if (!inside(pid) || !command[0]?.endsWith('/node')) continue;
    const script = command.find((word) => /packages\/[^/]+\/src\//.test(word)) ?? '';
    found.push({ pid, name: /packages\/([^/]+)\//.exec(script)?.[1] ?? 'node' });
  }
  return found;
}

function text(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // Processes come and go while we look.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The middle one of several figures. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
