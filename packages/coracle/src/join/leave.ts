import { existsSync } from 'node:fs';
import { node as nodeKind } from '@coracle/api/core/v1/node';
import { isNotFound, StatusError } from '@coracle/api/meta/status';
import { type Client, ConnectionError, connect, loadKubeconfig } from '@coracle/client';
import { Failure, fail } from '../failure.ts';
import { remove } from '../system/remove.ts';
import { drainNode } from './drain.ts';
import type { Joining } from './joining.ts';
import { nodeKubeconfig } from './programs.ts';
import type { JoinRecord } from './record.ts';
import { removeNode } from './removal.ts';

/**
 * Takes this machine out of its cluster: drains it, deletes its Node once no kubelet would make it again, and removes all there is of the node here.
 * With `drain` (milliseconds) undefined it is not drained, and left is also a cluster that does not answer. The credentials are the node's own.
 * Throws Failure, with the node still there, when it cannot be drained.
 */
export async function leaveCluster(joining: Joining, { node }: JoinRecord, drain: number | undefined): Promise<void> {
  const { progress, signal } = joining;
  if (drain !== undefined) {
    await progress.step(`${node} drained`, () => asNode((client) => drainNode(client, node, drain, signal)));
  }
  signal.throwIfAborted();
  await withdraw(joining, node, drain !== undefined);
}

/**
 * Deletes a Node once no kubelet would make it again, and removes all there is of it on this machine. Throws Failure, with the rest still there, when
 * the cluster has to know and cannot be told.
 */
export async function withdraw({ place, machine, progress }: Joining, node: string, mustTell: boolean): Promise<void> {
  await progress.step('kubelet stopped', () => remove(place, machine, 'kubelet'));
  try {
    await progress.step(`Node ${node} deleted`, () => asNode((client) => forget(client, node)));
  } catch (error) {
    if (mustTell || !(error instanceof Failure)) throw error;
    progress.note(`    ${error.message}`);
    progress.note(`    'kubectl delete node ${node}' deletes it from the cluster.`);
  }
  await progress.step('programs, units, rules and data removed', () => removeNode(place, machine));
}

async function forget(client: Client, node: string): Promise<void> {
  try {
    await client.delete(nodeKind, node);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Works with the credentials the kubelet got. What the API refuses, or that it is not there, becomes a Failure. */
async function asNode(work: (client: Client) => Promise<void>): Promise<void> {
  const next = "'coracle node leave --force' leaves all the same.";
  if (!existsSync(nodeKubeconfig)) fail(`there is no ${nodeKubeconfig} to reach the cluster with`, { next });
  const client = connect({ ...loadKubeconfig(nodeKubeconfig), userAgent: 'coracle' });
  try {
    await work(client);
  } catch (error) {
    if (error instanceof StatusError || error instanceof ConnectionError) {
      fail(`the cluster cannot be told: ${error.message}`, { cause: error, next });
    }
    throw error;
  } finally {
    client.close();
  }
}
