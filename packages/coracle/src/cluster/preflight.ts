import { existsSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fail } from '../failure.ts';
import { forwarderOf } from '../forwarding/process.ts';
import { type ClusterPlace, checkout } from './cluster.ts';
import type { NodeWishes, PortMapping } from './wishes.ts';

/** What a node writes before it holds anything of the user's: images, their layers, logs and the store. In bytes. */
const roomOfNode = 300e6;

/** Checks what can be known before a cluster is made or a node added, so that nothing need be undone. Throws Failure. */
export async function checkBeforehand(place: ClusterPlace, nodes: readonly NodeWishes[]): Promise<void> {
  checkReadable();
  checkRoom(place.data, nodes.length);
  for (const { extraMounts } of nodes) {
    for (const { hostPath } of extraMounts) {
      if (!existsSync(hostPath)) fail(`extraMounts: there is no ${hostPath} on this machine`);
    }
  }
  // A cluster that runs in part has its ports already.
  if (forwarderOf(place) === undefined) await checkPorts(nodes.flatMap((it) => it.extraPortMappings));
}

/** A new cluster takes no folder that others use. */
export function checkEmpty(place: ClusterPlace): void {
  if (existsSync(place.data) && readdirSync(place.data).length > 0) {
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

function checkRoom(folder: string, nodes: number): void {
  let there = folder;
  while (!existsSync(there)) there = dirname(there);
  const { bavail, bsize } = statfsSync(there);
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  if (bavail * bsize < nodes * roomOfNode) {
    fail(
      `the disk that holds ${there} has ${megabytes(bavail * bsize)} left, and ${nodes} node(s) need ${megabytes(nodes * roomOfNode)}`,
      { next: 'Make room, or give --data-dir a folder on another disk.' },
    );
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
