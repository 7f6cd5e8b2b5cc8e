import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '../failure.ts';
import { CommandError } from './run.ts';

/** Where less than this is left, in bytes, programs fail for want of room. */
const nothing = 1e6;

/** What is left on the disk that holds a folder, or will hold it, in bytes; and the folder that is there. */
export function roomFor(folder: string): { there: string; bytes: number } {
  let there = folder;
  while (!existsSync(there)) there = dirname(there);
  const { bavail, bsize } = statfsSync(there);
  return { there, bytes: bavail * bsize };
}

/** A failure as a user can act on it: that the disk of a folder is full explains others, and is no bug where it was met directly. */
export function explained(error: unknown, folder: string): unknown {
  const { there, bytes } = roomFor(folder);
  const full = `the disk that holds ${there} is full`;
  if (isOutOfRoom(error)) {
    return new Failure(`${full}: ${(error as Error).message}`, { cause: error, next: 'Make room and try again.' });
  }
  if (bytes >= nothing || !(error instanceof Failure || error instanceof CommandError)) return error;
  const log = error instanceof Failure ? error.log : undefined;
  return new Failure(`${error.message}; ${full}`, { log, next: 'Make room and try again.', cause: error });
}

function isOutOfRoom(error: unknown): boolean {
  if (error instanceof CommandError) return /no space left on device/i.test(error.stderr);
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
}
