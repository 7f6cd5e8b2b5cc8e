import { Failure } from '../failure.ts';

/** What the user can do something about becomes a Failure: a full disk, a reader that has gone. All else stays what it is. */
export function explained(error: unknown, where: string): unknown {
  if (error instanceof Failure && !/no space left on device/.test(error.message)) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT' || /no space left on device/.test(message)) {
    return new Failure(`no space is left on the disk for ${where}`, { cause: error });
  }
  if (code === 'EPIPE') return new Failure(`nobody reads ${where} any more`, { cause: error });
  return error;
}
