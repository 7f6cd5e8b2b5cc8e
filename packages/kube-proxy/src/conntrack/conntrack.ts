import { spawn } from 'node:child_process';
import type { Deletion } from './stale-udp.ts';

/** Deletes conntrack entries, by the program on PATH or the given command; rejects when the program fails for another reason than that there were none. */
export async function deleteEntries(
  deletions: readonly Deletion[],
  command: readonly [string, ...string[]] = ['conntrack'],
): Promise<void> {
  for (const each of deletions) await deleteMatching(each, command);
}

function deleteMatching(what: Deletion, [program, ...args]: readonly [string, ...string[]]): Promise<void> {
  return new Promise((resolve, reject) => {
    const conntrack = spawn(program, [...args, '-D', ...what], { stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    conntrack.stderr.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    conntrack.on('error', (error) => {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      reject(missing ? new Error('the program "conntrack" is not installed (Debian package conntrack)') : error);
    });
    conntrack.on('close', (code) => {
      if (code === 0 || text.includes('0 flow entries have been deleted')) resolve();
      else reject(new Error(`conntrack -D ${what.join(' ')} exited with code ${code}: ${text.trim()}`));
    });
  });
}
