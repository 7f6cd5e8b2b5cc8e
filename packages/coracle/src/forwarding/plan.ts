import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { balancedServer, type Cluster, controlPlanes, pkiFolder } from '../cluster/cluster.ts';

/** A port of this machine, and where its connections go. */
export interface Forwarding {
  /** `address:port` */
  listen: string;
  /** `address:port` each, of nodes. */
  backends: string[];
  /** PEM: the backends are API servers with certificates of this authority, and only those that are ready are used. */
  authority?: string;
}

/** What a cluster has this machine forward: the API of several control planes, and the ports users asked for. */
export function forwardings(cluster: Cluster): Forwarding[] {
  const planes = controlPlanes(cluster);
  const api: Forwarding[] =
    planes.length > 1
      ? [
          {
            listen: balancedServer(cluster),
            backends: planes.map((it) => `${it.address}:443`),
            authority: readFileSync(join(pkiFolder(cluster), 'ca.crt'), 'utf8'),
          },
        ]
      : [];
  const ports = cluster.nodes.flatMap(({ address, extraPortMappings }) =>
    extraPortMappings.map(({ listenAddress, hostPort, containerPort }) => ({
      listen: `${listenAddress}:${hostPort}`,
      backends: [`${address}:${containerPort}`],
    })),
  );
  return [...api, ...ports];
}
