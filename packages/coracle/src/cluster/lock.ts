import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail } from '../failure.ts';
import { identify, isSame, type ProcessIdentity } from '../host/processes.ts';
import type { ClusterPlace } from './cluster.ts';

/** Does something to a cluster while nobody else does. Throws Failure at once when somebody does; a process that died holds nothing. */
export async function exclusively<T>(place: ClusterPlace, doing: string, work: () => Promise<T>): Promise<T> {
  const file = `${place.runtime}.lock`;
  const holder = take(file, doing);
  if (holder) {
    fail(`another process (${holder.pid}) is busy with cluster ${place.name}: coracle ${holder.doing}`, {
      next: 'Wait until it has ended.',
    });
  }
  return holding(file, work);
}

/** How long clusters wait for each other, in milliseconds; what they wait for takes a fraction of a second. */
const turn = 30_000;

/** Takes networks for a cluster while no other cluster does, so that no two take the same. Waits for its turn. */
export async function takingNetworks<T>(place: ClusterPlace, work: () => Promise<T>): Promise<T> {
  const file = join(dirname(place.runtime), 'networks.lock');
  for (const deadline = Date.now() + turn; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const holder = take(file, 'networks');
    if (!holder) return holding(file, work);
    if (Date.now() > deadline) fail(`process ${holder.pid} has been taking networks for another cluster for too long`);
  }
}

async function holding<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
    removeIfEmpty(dirname(file));
  }
}

interface Holder extends ProcessIdentity {
  doing: string;
}

/** Takes a lock, or says who has it. */
function take(file: string, doing: string): Holder | undefined {
  const mine = JSON.stringify({ ...identify(process.pid)!, doing });
  for (;;) {
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o711 });
      writeFileSync(file, mine, { flag: 'wx', mode: 0o600 });
      return undefined;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') continue; // somebody else just removed the empty folder
      if (code !== 'EEXIST') throw error;
    }
    const holder = readHolder(file);
    if (holder && isSame(holder)) return holder;
    rmSync(file, { force: true });
  }
}

function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch (error) {
    // Released meanwhile, or its owner died between making and writing it.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!['ENOTEMPTY', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Does something while nobody else holds the lock in a file; `busy` is told who does, and throws. A process that died holds nothing. */
export function alone<T>(
  file: string,
  doing: string,
  work: () => Promise<T>,
  busy: (holder: { pid: number; doing: string }) => never,
): Promise<T> {
  const holder = take(file, doing);
  return holder ? busy(holder) : holding(file, work);
}
