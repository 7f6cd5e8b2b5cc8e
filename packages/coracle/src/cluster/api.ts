import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { node as nodeKind } from '@coracle/api/core/v1/node';
import { isNotFound } from '@coracle/api/meta/status';
import type { Node } from '@coracle/api/types/core/v1';
import { type Client, connect } from '@coracle/client';
import { seconds } from '../cli/progress.ts';
import { fail } from '../failure.ts';
import { adminServer, type Cluster, controlPlaneRole, type NodeRecord, pkiFolder } from './cluster.ts';
import { logOf } from './log-reading.ts';
import { waitFor } from './wait.ts';

/** Longer than the slowest start seen of a component on a busy machine, in milliseconds. */
const patience = 90_000;

/** The administrator's client of a cluster, or of one of its API servers. */
export function adminClient(cluster: Cluster, server = adminServer(cluster)): Client {
  const read = (file: string) => readFileSync(join(pkiFolder(cluster), file), 'utf8');
  return connect({ server, caData: read('ca.crt'), certData: read('admin.crt'), keyData: read('admin.key') });
}

/** Waits until the API server of a control plane is ready. Throws Failure with its log when it is not in time. */
export async function apiReady(cluster: Cluster, node: NodeRecord, signal: AbortSignal): Promise<void> {
  const client = adminClient(cluster, `https://${node.address}:443`);
  let last: unknown;
  const ready = await waitFor(
    async () => {
      try {
        return (await client.request('GET', '/readyz')).status === 200 ? true : undefined;
      } catch (error) {
        last = error; // not listening yet, or not ready: asked again
        return undefined;
      }
    },
    patience,
    signal,
  );
  if (ready) return;
  fail(
    `kube-apiserver on node ${node.name} is not ready within ${seconds(patience)}: ${(last as Error | undefined)?.message ?? ''}`,
    logOf(cluster, node.name, 'kube-apiserver'),
  );
}

/**
 * Waits until nodes are Ready by a report made after `since` of each (milliseconds since 1970), and marks control planes as such. Throws Failure with
 * the kubelet's log when one is not in time.
 */
export async function nodesReady(
  client: Client,
  cluster: Cluster,
  nodes: readonly NodeRecord[],
  since: (node: NodeRecord) => number,
  signal: AbortSignal,
): Promise<void> {
  for (const record of nodes) {
    let last = 'it has not registered itself';
    const ready = await waitFor(
      async () => {
        try {
          const found = await client.get(nodeKind, record.name);
          const condition = found.status?.conditions?.find((it) => it.type === 'Ready');
          last = condition?.message ?? 'it has no condition Ready';
          const fresh = Date.parse(condition?.lastHeartbeatTime ?? '') >= since(record);
          return condition?.status === 'True' && fresh ? found : undefined;
        } catch (error) {
          if (isNotFound(error)) return undefined;
          last = (error as Error).message; // a server that has just started may end a request
          return undefined;
        }
      },
      patience,
      signal,
    );
    if (!ready) {
      fail(
        `node ${record.name} is not Ready within ${seconds(patience)}: ${last}`,
        logOf(cluster, record.name, 'kubelet'),
      );
    }
    if (record.role === 'control-plane') await markControlPlane(client, ready);
  }
}

/** A kubelet may not give itself this label, so the administrator does. */
async function markControlPlane(client: Client, node: Node): Promise<void> {
  if (node.metadata.labels?.[controlPlaneRole] !== undefined) return;
  await client.patch(nodeKind, node.metadata.name!, undefined, {
    type: 'merge',
    body: { metadata: { labels: { [controlPlaneRole]: '' } } },
  });
}
