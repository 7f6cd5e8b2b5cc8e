import { join } from 'node:path';
import { fail } from '../failure.ts';
import { CommandError, run } from '../host/run.ts';
import { adminKubeconfig, type Cluster, checkout, type NodeRecord } from './cluster.ts';

/** Evicts a node's pods with kubectl, as a user would. Throws Failure when they have not left within `timeout` milliseconds. */
export async function drained(cluster: Cluster, node: NodeRecord, timeout: number, next: string): Promise<void> {
  const kubectl = [join(checkout, 'bin/kubectl'), '--kubeconfig', adminKubeconfig(cluster)] as const;
  const flags = ['--ignore-daemonsets', '--delete-emptydir-data', '--force', `--timeout=${Math.ceil(timeout / 1000)}s`];
  try {
    await run([...kubectl, 'drain', node.name, ...flags]);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    fail(`${node.name} cannot be drained: ${error.stderr.trim().split('\n').at(-1)}`, {
      cause: error,
      next,
    });
  }
}
