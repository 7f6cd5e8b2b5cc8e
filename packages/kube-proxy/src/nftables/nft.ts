import { spawn } from 'node:child_process';
import type { Family } from '../model/family.ts';

/** nft refused a script or could not be run. */
export class NftError extends Error {
  override name = 'NftError';
}

/** Runs an nft script as one transaction: all of it takes effect, or nothing does. Rejects with NftError. */
export type RunNft = (script: string) => Promise<void>;

/** Runs scripts with the `nft` program on PATH. */
export const runNft: RunNft = (script) => runNftWith(['nft'], script);

/** Runs scripts with the given command (in another network namespace, say), to which `-f -` is added. */
export const runNftWith = ([program, ...args]: readonly [string, ...string[]], script: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const nft = spawn(program, [...args, '-f', '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
    let complaint = '';
    nft.stderr.setEncoding('utf8').on('data', (text) => {
      complaint += text;
    });
    nft.on('error', (error) => {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      reject(new NftError(missing ? 'the program "nft" is not installed (Debian package nftables)' : error.message));
    });
    nft.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new NftError(`nft exited with code ${code}: ${complaint.trim().slice(0, 2000)}`));
    });
    // A nft that dies early closes its input; its exit code tells why.
    nft.stdin.on('error', () => {});
    nft.stdin.end(script);
  });

/** Removes the tables this proxy makes, if they are there. */
export async function removeTables(run: RunNft, table: string, families: readonly Family[]): Promise<void> {
  // Adding first makes deleting a table that is not there no error.
  await run(families.map(({ nft }) => `add table ${nft} ${table}\ndelete table ${nft} ${table}\n`).join(''));
}
