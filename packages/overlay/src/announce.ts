import type { ClientLog } from '@coracle/client/log';
import type { Peer } from './backend/backend.ts';
import { removeForeignBridge } from './cni/bridge.ts';
import { conflist, writeConflist } from './cni/conflist.ts';
import type { NetworkConfig } from './config/network-config.ts';
import { unanswered } from './probe.ts';
import { addressAt, formatRange, type Range } from './range.ts';
import { writeSubnetFile } from './subnet-file.ts';

export interface AnnouncementOptions {
  config: NetworkConfig;
  subnet: Range;
  mtu: number;
  masquerade: boolean;
  cniConfFile: string;
  /** Empty: none. */
  subnetFile: string;
  peers: readonly Peer[];
  log: ClientLog;
  signal: AbortSignal;
}

/** How long (ms) other nodes may take to answer over a network that is new, before pods start all the same: some may be down. */
const settleTime = 2_000;

/**
 * Lets the container runtime start pods, once the other nodes answer over the network: they have then heard of this node, so that the
 * first packet of a pod finds its way, and so does the answer. Rejects by the signal's reason when it aborts first.
 */
export async function letPodsStart(options: AnnouncementOptions): Promise<void> {
  const { config, subnet, mtu, masquerade, cniConfFile, subnetFile, peers, log, signal } = options;
  const settled = AbortSignal.any([signal, AbortSignal.timeout(settleTime)]);
  const silent = await unanswered(
    peers.map((peer) => addressAt(peer.subnet, 0)),
    addressAt(subnet, 0),
    settled,
  );
  signal.throwIfAborted();
  if (silent.length > 0) log.warn({ silent }, 'Some nodes do not answer over the pod network; going on without them');
  if (await removeForeignBridge(subnet)) log.warn({}, "Removed the pods' bridge: it was of another subnet");
  signal.throwIfAborted();
  if (subnetFile !== '') writeSubnetFile(subnetFile, { network: config.network, subnet, mtu, masquerade });
  const written = writeConflist(cniConfFile, conflist(subnet, mtu));
  log.info({ subnet: formatRange(subnet), mtu, peers: peers.length, file: cniConfFile, written }, 'The network stands');
}
