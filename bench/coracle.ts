import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const run = promisify(execFile);

/** `bin/coracle` for one cluster. */
export type Coracle = (command: string, ...args: string[]) => Promise<{ stdout: string; stderr: string }>;

/** Runs `bin/coracle` for a cluster of that name with its data in that folder. */
export const coracleAt =
  (name: string, dataDir: string): Coracle =>
  (command, ...args) =>
    run(join(root, 'bin/coracle'), [command, '--name', name, '--data-dir', dataDir, ...args]);

/** Runs `bin/kubectl` with that kubeconfig. */
export const kubectl = (kubeconfig: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> =>
  run(join(root, 'bin/kubectl'), args, { env: { ...process.env, KUBECONFIG: kubeconfig } });
