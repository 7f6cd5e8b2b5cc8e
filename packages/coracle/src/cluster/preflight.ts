import { existsSync, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fail } from '../failure.ts';
import { forwarderOf } from '../forwarding/process.ts';
import { roomFor } from '../host/disk.ts';
import { holdsLayers } from '../host/mounts.ts';
import { type ClusterPlace, checkout, failedRecord } from './cluster.ts';
import type { ClusterWishes, NodeWishes, PortMapping } from './wishes.ts';

/**
 * What a node writes before it holds anything of the user's: images, their layers, logs and the store. In bytes. Where layers cannot lie upon each
 * other, each is a copy of all that are below it.
 */
const roomOfNode = { layered: 400e6, copied: 700e6 };

/** What it writes besides: its system containers, where it runs its programs as such. */
const roomOfRoot = { host: 0, debian: 1200e6 };

/** Checks what can be known before a cluster is made or a node added, so that nothing need be undone. Throws Failure. */
export async function checkBeforehand(
  place: ClusterPlace,
  nodes: readonly NodeWishes[],
  rootfs: ClusterWishes['rootfs'],
): Promise<void> {
  checkReadable();
  checkRoom(place.data, nodes.length, roomOfRoot[rootfs]);
  for (const { extraMounts } of nodes) {
    for (const { hostPath } of extraMounts) {
      if (!existsSync(hostPath)) fail(`extraMounts: there is no ${hostPath} on this machine`);
    }
  }
  // A cluster that runs in part has its ports already.
  if (forwarderOf(place) === undefined) await checkPorts(nodes.flatMap((it) => it.extraPortMappings));
}

/** A new cluster takes no folder that others use; logs of one that never came up are not in its way. */
export function checkEmpty(place: ClusterPlace): void {
  const found = existsSync(place.data) ? readdirSync(place.data) : [];
  if (found.length > 0 && !found.includes(failedRecord)) {
    fail(`${place.data} holds other files, and no cluster`, { next: 'Give --data-dir a new or empty folder.' });
  }
}

/** etcd, the API server, scheduler and controller manager run as ordinary users, who must be able to read their programs. */
function checkReadable(): void {
  const files = ['', 'bin/kube-apiserver', 'packages/apiserver/src/main.ts', 'node_modules'].map((it) =>
    join(checkout, it),
  );
  const shut = [...files, process.execPath].find((it) => (statSync(it).mode & 0o004) === 0);
  if (shut)
    fail(`${shut} can be read by its owner only, and components run as other users`, {
      next: `chmod -R o+rX ${checkout}`,
    });
}

function checkRoom(folder: string, nodes: number, besides: number): void {
  const { there, bytes: left } = roomFor(folder);
  const needed = nodes * ((holdsLayers(there) ? roomOfNode.layered : roomOfNode.copied) + besides);
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  if (left < needed) {
    fail(`the disk that holds ${there} has ${megabytes(left)} left, and ${nodes} node(s) need ${megabytes(needed)}`, {
      next: 'Make room, or give --data-dir a folder on another disk.',
    });
  }
}

/** Ports of this machine that a cluster is to take must be free, and asked for once. */
async function checkPorts(mappings: readonly PortMapping[]): Promise<void> {
  const seen = new Set<string>();
  for (const { listenAddress, hostPort } of mappings) {
    const place = `${listenAddress}:${hostPort}`;
    if (seen.has(place)) fail(`extraPortMappings: hostPort ${place} is asked for twice`);
    seen.add(place);
    const problem = await cannotListen(listenAddress, hostPort);
    if (problem) fail(`extraPortMappings: hostPort ${place} cannot be taken: ${problem}`);
  }
}

function cannotListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'EADDRINUSE' ? 'another program listens on it' : error.message),
    );
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
