import { readdirSync, readFileSync } from 'node:fs';

/** How long the containers of pods get to end after SIGTERM, in milliseconds, when their node stops. */
const patience = 5000;

/** The processes of pods' containers on this node: those whose cgroup is one of the kubelet's. */
export function podProcesses(proc = '/proc'): number[] {
  return readdirSync(proc)
    .filter((it) => /^\d+$/.test(it))
    .map(Number)
    .filter((pid) => cgroupOf(proc, pid).includes('kubepods'));
}

/** Ends all containers of pods as their node ends: SIGTERM to each process, and SIGKILL to what is left after a while. */
export async function stopPods(): Promise<void> {
  const deadline = Date.now() + patience;
  signal('SIGTERM');
  while (podProcesses().length > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 25));
  signal('SIGKILL');
}

function signal(name: NodeJS.Signals): void {
  for (const pid of podProcesses()) {
    try {
      process.kill(pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // ended meanwhile
    }
  }
}

function cgroupOf(proc: string, pid: number): string {
  try {
    return readFileSync(`${proc}/${pid}/cgroup`, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return ''; // ended meanwhile
    throw error;
  }
}
