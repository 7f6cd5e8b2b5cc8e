import { etcdPeerUrl } from '../components/etcd.ts';
import { fail } from '../failure.ts';
import { addressIn, formatNetwork, type Network, overlap, parseNetwork } from '../host/addresses.ts';
import { apiServerWishes } from './api-server-wishes.ts';
import { type ClusterRecord, controlPlanes, type NodeRecord } from './cluster.ts';
import { nodeName } from './names.ts';
import { longestPodPrefix, mostPodSubnets } from './network-config.ts';
import { type ClusterWishes, componentWishes, type NodeWishes, nodeWishes, overlayWishes } from './wishes.ts';

/**
 * The most nodes a cluster on one machine is made with. Each is some 350 MB of memory and ten processes; more than this no machine these
 * clusters are for has room for, and the bridge's network has addresses for 253.
 */
const mostNodes = 100;

/** What --nodes and --control-planes say. Throws Failure when that is no cluster. */
export function plainWishes(nodes: number, planes: number, rootfs: ClusterWishes['rootfs'] = 'host'): ClusterWishes {
  if (!Number.isInteger(nodes) || nodes < 1) fail(`--nodes ${nodes}: a cluster has at least one node`);
  if (nodes > mostNodes) fail(`--nodes ${nodes}: a cluster on one machine has at most ${mostNodes} nodes`);
  if (!Number.isInteger(planes) || planes < 1) fail(`--control-planes ${planes}: a cluster has at least one`);
  if (planes > nodes) {
    fail(`--control-planes ${planes}: that is more than --nodes ${nodes}`, {
      next: '--nodes counts all nodes, control planes among them.',
    });
  }
  return {
    rootfs,
    nodes: Array.from({ length: nodes }, (_, index) =>
      nodeWishes.parse({ role: index < planes ? 'control-plane' : 'worker' }),
    ),
    overlay: overlayWishes.parse({}),
    components: componentWishes.parse({}),
    apiServer: apiServerWishes.parse({}),
  };
}

/**
 * Decides the networks and nodes of a new cluster. `taken` is what the host already reaches (addresses, routes, name servers): nothing a
 * cluster uses may hide any of it, nor what another cluster, stopped now, comes back to. The first choices are the ones tutorials show.
 * Throws Failure when no network is free, or one the user named is not.
 */
export function planCluster(
  name: string,
  wishes: ClusterWishes,
  taken: readonly Network[],
  others: readonly ClusterRecord[],
): ClusterRecord {
  checkControlPlanes(wishes.nodes);
  const reserved = [...taken, ...others.flatMap((it) => [it.serviceCidr, it.subnet]).map(parseNetwork)];
  checkNamed(wishes, reserved);
  const named = [wishes.serviceSubnet, wishes.podSubnet, wishes.nodeSubnet].flatMap((it) => (it ? [it] : []));
  const chosen = named.map(parseNetwork);
  const choose = (what: string, wish: string | undefined, candidates: Generator<string>): string => {
    const network = wish ?? firstFree(what, candidates, [...reserved, ...chosen]);
    chosen.push(parseNetwork(network));
    return formatNetwork(parseNetwork(network));
  };
  const serviceCidr = choose('Services', wishes.serviceSubnet, serviceNetworks());
  // Pod addresses stay within their cluster, so those of other clusters do not matter.
  const podCidr = choose('pods', wishes.podSubnet, podNetworks());
  const subnet = choose('nodes', wishes.nodeSubnet, nodeNetworks());
  const empty: ClusterRecord = {
    version: 2,
    name,
    rootfs: wishes.rootfs,
    subnet,
    podCidr,
    serviceCidr,
    overlay: wishes.overlay,
    components: wishes.components,
    apiServer: wishes.apiServer,
    nodes: [],
    nextNode: 1,
    exampleApplied: false,
  };
  const all = wishes.nodes.reduce((record, it) => addRecord(record, it).record, empty);
  const etcd = { state: 'new' as const, initialCluster: initialCluster(all) };
  return { ...all, nodes: all.nodes.map((it) => (it.role === 'control-plane' ? { ...it, etcd } : it)) };
}

/** Adds a node to the record of a cluster that runs. Throws Failure when the cluster's network has no address left. */
export function planNode(record: ClusterRecord, wishes: NodeWishes): { record: ClusterRecord; node: NodeRecord } {
  const added = addRecord(record, wishes);
  if (wishes.role === 'worker') return added;
  const etcd = { state: 'existing' as const, initialCluster: initialCluster(added.record) };
  const node = { ...added.node, etcd };
  return { record: { ...added.record, nodes: [...record.nodes, node] }, node };
}

function addRecord(record: ClusterRecord, wishes: NodeWishes): { record: ClusterRecord; node: NodeRecord } {
  const number = record.nextNode;
  const { base, length } = parseNetwork(record.subnet);
  if (number + 1 >= 2 ** (32 - length) - 1) {
    fail(`the network of the nodes, ${formatNetwork({ base, length })}, has no address left for another node`);
  }
  const subnets = mostPodSubnets(record);
  if (record.nodes.length >= subnets) {
    fail(`the network of the pods, ${record.podCidr}, has subnets for ${subnets} nodes and none for another`);
  }
  const node = { ...wishes, name: nodeName(record.name, number), address: addressIn(record.subnet, number + 1) };
  return { record: { ...record, nodes: [...record.nodes, node], nextNode: number + 1 }, node };
}

const initialCluster = (record: ClusterRecord): string =>
  controlPlanes(record)
    .map((it) => `${it.name}=${etcdPeerUrl(it)}`)
    .join(',');

function checkControlPlanes(nodes: readonly NodeWishes[]): void {
  if (!nodes.some((it) => it.role === 'control-plane')) {
    fail('a cluster has at least one node with the role control-plane');
  }
  if (nodes.length > mostNodes) fail(`a cluster on one machine has at most ${mostNodes} nodes`);
}

/** The networks a user named must not overlap each other, nor anything this machine reaches. */
function checkNamed(wishes: ClusterWishes, reserved: readonly Network[]): void {
  const named = [
    ['nodeSubnet', wishes.nodeSubnet, 29],
    ['podSubnet', wishes.podSubnet, longestPodPrefix],
    ['serviceSubnet', wishes.serviceSubnet, 28],
  ] as const;
  const networks = named.flatMap(([key, text, longest]) => {
    if (text === undefined) return [];
    const network = parseNetwork(text);
    if (network.length > longest) fail(`${key} ${text} is too small: its prefix may have at most ${longest} bits`);
    const clash = reserved.find((it) => overlap(it, network));
    if (clash) {
      fail(`${key} ${text} overlaps ${formatNetwork(clash)}, which this machine or another cluster uses`, {
        next: "'ip route show table all' and 'coracle status --name OTHER' show who.",
      });
    }
    return [{ key, text, network }];
  });
  for (const [index, one] of networks.entries()) {
    const other = networks.slice(0, index).find((it) => overlap(it.network, one.network));
    if (other) fail(`${one.key} ${one.text} overlaps ${other.key} ${other.text}`);
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
