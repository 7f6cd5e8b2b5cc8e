import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stopForwarding } from '../forwarding/process.ts';
import { removeCgroup, removeEmptyCgroup } from '../host/cgroups.ts';
import type { NodeDriver } from '../nodes/driver.ts';
import { dropNetwork } from '../nodes/network.ts';
import { type Cluster, type ClusterPlace, controlPlanes, defaultBase, type NodeRecord, ownEntries } from './cluster.ts';
import { bridgeName } from './names.ts';
import { nodeIdentity } from './node-spec.ts';

/** A node gets this long to stop in order, in milliseconds: its services one after the other, pods in between. */
export const nodePatience = 40_000;

/** Stops a cluster's nodes and removes all of it from the host but its data. Resolves to whether each node stopped by itself. */
export async function takeDown(cluster: Cluster, driver: NodeDriver): Promise<boolean> {
  const stopAll = (nodes: readonly NodeRecord[]) =>
    Promise.all(nodes.map((it) => driver.stop(nodeIdentity(cluster, it.name), nodePatience)));
  // Control planes last: until then the others can say that their pods have ended.
  const stopped = [
    ...(await stopAll(cluster.nodes.filter((it) => it.role === 'worker'))),
    ...(await stopAll(controlPlanes(cluster))),
  ];
  await removeRuntime(cluster);
  return stopped.every(Boolean);
}

/**
 * Kills a cluster's nodes and removes all of it from the host, its data too. Works from what is found rather than from the cluster's record,
 * which may be damaged or gone. What else is in its folder stays.
 */
export async function erase(place: ClusterPlace, driver: NodeDriver): Promise<void> {
  await Promise.all(nodesFound(place).map((it) => driver.clean(nodeIdentity(place, it))));
  await removeRuntime(place);
  for (const it of ownEntries) rmSync(join(place.data, it), { recursive: true, force: true });
  for (const it of [place.data, defaultBase]) removeIfEmpty(it);
}

/** The nodes of which anything is left. */
function nodesFound(place: ClusterPlace): string[] {
  const list = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);
  return [
    ...new Set([
      ...list(join(place.data, 'nodes')),
      ...list(place.runtime)
        .filter((it) => !it.startsWith('forwarding.'))
        .map((it) => it.replace(/\.runc$/, '')),
    ]),
  ];
}

/** Removes what a cluster has beside its nodes while it runs: the bridge, its control groups and its folder in /run. */
async function removeRuntime(place: ClusterPlace): Promise<void> {
  await stopForwarding(place);
  await dropNetwork(bridgeName(place.name));
  await removeCgroup(`/coracle/${place.name}`);
  removeEmptyCgroup('/coracle');
  rmSync(place.runtime, { recursive: true, force: true });
}

function removeIfEmpty(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
}
