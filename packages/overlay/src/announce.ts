import type { ClientLog } from '@coracle/client/log';
import type { Peer } from './backend/backend.ts';
import { removeForeignBridge } from './cni/bridge.ts';
import { conflist, writeConflist } from './cni/conflist.ts';
import type { NetworkConfig } from './config/network-config.ts';
import { unanswered } from './probe.ts';
import { addressAt, formatRange, type Range } from './range.ts';
import { writeSubnetFile } from './subnet-file.ts';

/** What is told to other programs of the machine. */
export interface NodeFacts {
  config: NetworkConfig;
  subnet: Range;
  mtu: number;
  masquerade: boolean;
  cniConfFile: string;
  /** Empty: none. */
  subnetFile: string;
}

/** How long (ms) other nodes may take to answer over a network that is new, before pods start all the same: some may be down. */
const settleTime = 2_000;

/**
 * Lets the container runtime start pods, once the other nodes answer over the network: they have then heard of this node, so that the
 * first packet of a pod finds its way, and so does the answer. Rejects by the signal's reason when it aborts first.
 */
export async function letPodsStart(
  facts: NodeFacts,
  peers: readonly Peer[],
  log: ClientLog,
  signal: AbortSignal,
): Promise<void> {
  const { subnet, mtu, cniConfFile } = facts;
  const silent = await unanswered(
    peers.map((peer) => addressAt(peer.subnet, 0)),
    addressAt(subnet, 0),
    AbortSignal.any([signal, AbortSignal.timeout(settleTime)]),
  );
  signal.throwIfAborted();
  if (silent.length > 0) log.warn({ silent }, 'Some nodes do not answer over the pod network; going on without them');
  if (await removeForeignBridge(subnet)) log.warn({}, "Removed the pods' bridge: it was of another subnet");
  signal.throwIfAborted();
  const written = tell(facts);
  log.info({ subnet: formatRange(subnet), mtu, peers: peers.length, file: cniConfFile, written }, 'The network stands');
}

/** Writes the files that tell of the network, where they are not as they should be. Whether the CNI configuration was not. */
export function tell({ config, subnet, mtu, masquerade, cniConfFile, subnetFile }: NodeFacts): boolean {
  if (subnetFile !== '') writeSubnetFile(subnetFile, { network: config.network, subnet, mtu, masquerade });
  return writeConflist(cniConfFile, conflist(subnet, mtu));
}
