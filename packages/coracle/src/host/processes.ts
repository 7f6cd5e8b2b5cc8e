import { readdirSync, readFileSync } from 'node:fs';

/** Tells one process from another that gets its number later. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks since boot. */
  startTime: string;
}

/** The identity of a process; undefined when it is gone or only waits to be reaped. */
export function identify(pid: number): ProcessIdentity | undefined {
  const fields = statFields(pid);
  if (!fields || fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return { pid, startTime: fields[19]! };
}

/** Whether this very process still runs. */
export function isSame(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startTime === identity.startTime;
}

/** Resolves once none of the processes runs; to false when that takes longer than `limit` milliseconds. */
export async function gone(processes: readonly ProcessIdentity[], limit: number): Promise<boolean> {
  const deadline = Date.now() + limit;
  while (processes.some(isSame)) {
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

/** The numbers of all processes on the host. */
export function allProcesses(): number[] {
  return readdirSync('/proc')
    .filter((it) => /^\d+$/.test(it))
    .map(Number);
}

/** Reads a file of /proc/PID; undefined when the process is gone. */
export function readProcess(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

/** The fields of /proc/PID/stat from the third on (state), after the command's name, which may hold anything. */
function statFields(pid: number): string[] | undefined {
  const stat = readProcess(pid, 'stat');
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}
