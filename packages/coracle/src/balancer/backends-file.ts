import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { parseAddress } from './address.ts';

/** How often (ms) the file is looked at. */
const interval = 1_000;

/** The backends a file names: a JSON array of `host:port`. Throws with the reason when it is none. */
export function readBackends(file: string): string[] {
  const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (!Array.isArray(content) || content.length === 0 || !content.every((each) => typeof each === 'string')) {
    throw new Error(`${file} must be a JSON array of host:port, with at least one`);
  }
  for (const each of content) parseAddress(each);
  return content;
}

/** Calls back with the file's backends whenever it was written or replaced, until the signal aborts; what cannot be used goes to `failed`. */
export function followBackends(
  file: string,
  signal: AbortSignal,
  changed: (backends: string[]) => void,
  failed: (error: unknown) => void,
): void {
  const look = () => {
    try {
      changed(readBackends(file));
    } catch (error) {
      failed(error);
    }
  };
  watchFile(file, { interval }, look);
  signal.addEventListener('abort', () => unwatchFile(file, look), { once: true });
}
