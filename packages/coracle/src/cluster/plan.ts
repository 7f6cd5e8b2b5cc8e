import { fail } from '../failure.ts';
import { addressIn, formatNetwork, type Network, overlap, parseNetwork, subnetOf } from '../host/addresses.ts';
import type { ClusterRecord } from './cluster.ts';
import { nodeName } from './names.ts';

/** More than one node comes with the pod network across nodes. */
export const mostNodes = 1;

/**
 * Decides the networks and nodes of a new cluster. `taken` is what the host already reaches (addresses, routes, name servers): nothing a
 * cluster uses may hide any of it, nor what another cluster, stopped now, comes back to. The first choices are the ones tutorials show. Throws Failure when no network is free.
 */
export function planCluster(
  name: string,
  nodes: number,
  taken: readonly Network[],
  others: readonly ClusterRecord[],
): ClusterRecord {
  const reserved = [...taken, ...others.flatMap((it) => [it.serviceCidr, it.subnet]).map(parseNetwork)];
  const serviceCidr = firstFree('Services', serviceNetworks(), reserved);
  // Pod addresses stay within their cluster, so those of other clusters do not matter.
  const podCidr = firstFree('pods', podNetworks(), [...reserved, parseNetwork(serviceCidr)]);
  const subnet = firstFree('nodes', nodeNetworks(), [...reserved, parseNetwork(serviceCidr), parseNetwork(podCidr)]);
  return {
    version: 1,
    name,
    subnet,
    podCidr,
    serviceCidr,
    exampleApplied: false,
    nodes: Array.from({ length: nodes }, (_, index) => ({
      name: nodeName(name, index),
      address: addressIn(subnet, index + 2),
      podCidr: subnetOf(podCidr, 24, index),
    })),
  };
}

/** Refuses what this version cannot do. */
export function checkNodeCount(nodes: number): void {
  if (!Number.isInteger(nodes) || nodes < 1) fail(`--nodes ${nodes}: a cluster has at least one node`);
  if (nodes > mostNodes) {
    fail(`--nodes ${nodes}: this version makes clusters of ${mostNodes} node`, {
      next: 'Clusters of several nodes need the pod network across nodes, which is not there yet.',
    });
  }
}

function* serviceNetworks(): Generator<string> {
  for (let second = 96; second < 128; second++) yield `10.${second}.0.0/16`;
}

function* podNetworks(): Generator<string> {
  for (let second = 244; second >= 200; second--) yield `10.${second}.0.0/16`;
}

function* nodeNetworks(): Generator<string> {
  for (let third = 0; third < 256; third++) yield `172.30.${third}.0/24`;
  for (let third = 0; third < 256; third++) yield `192.168.${255 - third}.0/24`;
}

function firstFree(what: string, candidates: Generator<string>, taken: readonly Network[]): string {
  const tried: string[] = [];
  for (const candidate of candidates) {
    const network = parseNetwork(candidate);
    if (!taken.some((it) => overlap(it, network))) return candidate;
    tried.push(candidate);
  }
  return fail(
    `no network is free for ${what}: this machine has routes or addresses in each of ${tried[0]} … ${tried.at(-1)}`,
    {
      next: `'ip route show table all' shows them: ${taken.slice(0, 8).map(formatNetwork).join(', ')} …`,
    },
  );
}
