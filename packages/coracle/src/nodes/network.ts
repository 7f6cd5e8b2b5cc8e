import { fail } from '../failure.ts';
import { formatNetwork, overlap, parseNetwork } from '../host/addresses.ts';
import { hasLink, ip, removeLink, takenNetworks } from '../host/links.ts';
import { run } from '../host/run.ts';

/** The link on the host that the nodes of a cluster are joined to, and the route to its Services. */
export interface ClusterNetwork {
  bridge: string;
  /** The host's address on the bridge. */
  gateway: string;
  prefixLength: number;
  serviceCidr: string;
  /** The node that Services are reached through. */
  serviceGateway: string;
}

/** Makes the bridge with the host's address and the route; what a killed cluster left is taken over. Throws Failure when something else has come to use the networks. */
export async function raiseNetwork(network: ClusterNetwork): Promise<void> {
  if (!(await hasLink(network.bridge))) {
    await checkFree(network);
    await ip([`link add name ${network.bridge} type bridge`]);
  }
  await ip([
    `address replace ${network.gateway}/${network.prefixLength} dev ${network.bridge}`,
    `link set dev ${network.bridge} up`,
    `route replace ${network.serviceCidr} via ${network.serviceGateway} dev ${network.bridge}`,
  ]);
}

/** Removes the bridge, and with it address and route. */
export async function dropNetwork(bridge: string): Promise<void> {
  await removeLink(bridge);
}

/** Joins a process's network namespace to the bridge: an `eth0` there, its other end `hostLink` here. */
export async function joinNode(
  pid: number,
  node: { hostLink: string; bridge: string; address: string; prefixLength: number; gateway: string },
): Promise<void> {
  await removeLink(node.hostLink); // of a node that was killed just now
  await ip([
    `link add name ${node.hostLink} type veth peer name eth0 netns ${pid}`,
    `link set dev ${node.hostLink} master ${node.bridge} up`,
  ]);
  await ip(
    [
      'link set dev lo up',
      `address add ${node.address}/${node.prefixLength} dev eth0`,
      'link set dev eth0 up',
      `route add default via ${node.gateway}`,
    ],
    pid,
  );
}

/** Throws Failure when this machine reaches something else in a cluster's networks. Must not be asked once the cluster has its bridge. */
export async function checkFree(network: Omit<ClusterNetwork, 'serviceGateway'>): Promise<void> {
  const own = [`${network.gateway}/${network.prefixLength}`, network.serviceCidr].map(parseNetwork);
  const clash = (await takenNetworks()).find((it) => own.some((mine) => overlap(mine, it)));
  if (!clash) return;
  const uses = await run(['ip', '-4', 'route', 'show', 'to', 'root', formatNetwork(clash)]);
  fail(
    `the cluster's networks ${own.map(formatNetwork).join(' and ')} overlap ${formatNetwork(clash)}, which this machine now uses`,
    {
      next: `Remove that (${uses.trim() || 'see ip route show table all'}), or make the cluster anew: coracle reset, coracle up.`,
    },
  );
}
