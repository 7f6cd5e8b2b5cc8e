import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail } from '../failure.ts';
import { identify, isSame, type ProcessIdentity } from '../host/processes.ts';
import type { ClusterPlace } from './cluster.ts';

/** Does something to a cluster while nobody else does. Throws Failure at once when somebody does; a process that died holds nothing. */
export async function exclusively<T>(place: ClusterPlace, doing: string, work: () => Promise<T>): Promise<T> {
  const file = `${place.runtime}.lock`;
  take(file, place.name, doing);
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
    removeIfEmpty(dirname(file));
  }
}

function take(file: string, name: string, doing: string): void {
  const mine = JSON.stringify({ ...identify(process.pid)!, doing });
  for (;;) {
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o711 });
      writeFileSync(file, mine, { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') continue; // somebody else just removed the empty folder
      if (code !== 'EEXIST') throw error;
    }
    const holder = readHolder(file);
    if (holder && isSame(holder)) {
      fail(`another process (${holder.pid}) is busy with cluster ${name}: coracle ${holder.doing}`, {
        next: 'Wait until it has ended.',
      });
    }
    rmSync(file, { force: true });
  }
}

function readHolder(file: string): (ProcessIdentity & { doing: string }) | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity & { doing: string };
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
