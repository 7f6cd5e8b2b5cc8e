import { readdirSync, readFileSync } from 'node:fs';

/** All processes whose parent chain leads to a node's PID 1, and that one itself, last first. */
export function processesIn(root: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch (error) {
      if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  const inside = (pid: number): boolean => pid === root || (parents.has(pid) && inside(parents.get(pid)!));
  return [...parents.keys()].filter(inside).sort((a, b) => b - a);
}

/** Kills a process unless it is gone already. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
