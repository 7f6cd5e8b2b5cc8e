import {
  closeSync,
  copyFileSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** The size from which a log is rotated, in bytes; one older log is kept. */
const largest = 16 * 1024 * 1024;

/**
 * A service's log. The service writes to it itself, through the descriptor, so no line is lost when the supervisor is busy or gone.
 */
export interface LogFile {
  readonly path: string;
  readonly descriptor: number;
  /** Adds a line of the supervisor's own. */
  note(text: string): void;
  /** Moves what is there to `<path>.1` when it has grown too large. */
  rotate(): void;
  close(): void;
}

/** Opens a log for appending; makes it, and its folder, when missing. */
export function openLog(path: string, limit = largest): LogFile {
  mkdirSync(dirname(path), { recursive: true });
  const descriptor = openSync(path, 'a', 0o640);
  return {
    path,
    descriptor,
    note: (text) => {
      whereRoom(() => writeSync(descriptor, `${new Date().toISOString()} [supervisor] ${text}\n`));
    },
    rotate: () => {
      if (fstatSync(descriptor).size <= limit) return;
      // The writers keep their descriptor, so the file itself stays and is emptied; appending continues at its new end.
      const copied = whereRoom(() => copyFileSync(path, `${path}.1.new`));
      ftruncateSync(descriptor, 0);
      if (copied) renameSync(`${path}.1.new`, `${path}.1`);
      else rmSync(`${path}.1.new`, { force: true });
    },
    close: () => closeSync(descriptor),
  };
}

/** A full disk costs lines of logs, and must not cost the node. Returns whether there was room. */
function whereRoom(write: () => void): boolean {
  try {
    write();
    return true;
  } catch (error) {
    if (['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}
