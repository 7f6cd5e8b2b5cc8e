import type { ClientLog } from '@coracle/client/log';
import { letPodsStart, type NodeFacts, tell } from './announce.ts';
import type { Peer } from './backend/backend.ts';
import { hostGatewayBackend } from './backend/host-gw.ts';
import { vxlanBackend } from './backend/vxlan.ts';
import { deviceName, isOurDevice } from './backend/vxlan-device.ts';
import { bridge, removeConflist, subnetOfConflist } from './cni/conflist.ts';
import { ConfigError, type NetworkConfig } from './config/network-config.ts';
import type { OverlayHealth } from './health.ts';
import { readRoutes } from './host/forwarding.ts';
import { enableForwarding } from './host/ip-forward.ts';
import { type Link, readLinks } from './host/links.ts';
import { masqueradeRules, setMasquerading } from './host/masquerade.ts';
import { onKernelChange } from './host/monitor.ts';
import { findUplink, type Uplink } from './host/uplink.ts';
import type { OverlayMetrics } from './metrics.ts';
import { NodeNetwork, RestartNeeded } from './node-network.ts';
import { formatRange, holds, overlap, parseAddress, type Range, rangeAt, sameRange } from './range.ts';
import { readSubnetFile } from './subnet-file.ts';
import type { SubnetSource } from './subnets/source.ts';

export interface OverlayOptions {
  source: SubnetSource;
  /** Interface between nodes, by name or address, and the address published; empty: found out. */
  iface: string;
  publicIp: string;
  masquerade: boolean;
  cniConfFile: string;
  /** Empty: none. */
  subnetFile: string;
  health: OverlayHealth;
  metrics: OverlayMetrics;
  log: ClientLog;
  signal: AbortSignal;
}

/**
 * The node's part of the pod network, until the signal aborts, which it rejects by: gets a subnet, sets up what carries packets to the
 * other nodes, lets the container runtime start pods, and follows the others. All stays in the kernel at the end.
 */
export async function runOverlay(options: OverlayOptions): Promise<void> {
  const { source, cniConfFile, subnetFile, health, metrics, log, signal } = options;
  // After a boot no pod may start before the network stands, though the file of the time before is still there.
  if (!(await somethingStands())) removeConflist(cniConfFile);
  health.pending = 'waiting for the network configuration';
  const config = await source.config(signal);
  const links = await readLinks();
  const uplink = await findUplink(links, options.iface, options.publicIp);
  refuseOverlap(config.network, links);
  const { name: iface, address, publicIp } = uplink;
  log.info(
    { network: formatRange(config.network), backend: config.backend, iface, address, publicIP: publicIp },
    'Joining the pod network',
  );
  const backend =
    config.backend.type === 'vxlan' ? await vxlanBackend(config.backend, uplink, links) : hostGatewayBackend(uplink);

  health.pending = 'waiting for a subnet';
  const self = { publicIp: uplink.publicIp, attributes: backend.attributes };
  const earlier = (subnetFile === '' ? undefined : readSubnetFile(subnetFile)) ?? subnetOfConflist(cniConfFile);
  const subnet = await source.acquire(config, self, earlier, signal);
  /** What other programs were told; nothing until the network stands. */
  let told: NodeFacts | undefined;
  enter(subnet);

  const network = new NodeNetwork({
    backend,
    subnet,
    async prepare() {
      await prepare(options, config, uplink);
      if (told) tell(told);
    },
    async standing(subnet, peers, ends) {
      const { masquerade } = options;
      const facts = { config, subnet, mtu: backend.mtu, masquerade, cniConfFile, subnetFile };
      await letPodsStart(facts, peers, log, ends);
      told = facts;
      health.pending = undefined;
    },
    synced({ error, unreachable, peers }) {
      metrics.synced(error === undefined);
      if (!error) metrics.peers(peers - unreachable.length, unreachable.length);
      health.failing = error?.message;
    },
    log,
    signal,
  });
  const device = config.backend.type === 'vxlan' ? [deviceName(config.backend)] : [];
  onKernelChange([uplink.name, ...device], () => network.request(true), signal);
  await Promise.all([
    network.run(),
    source.follow(
      {
        peers: (peers) => network.setPeers(peers.filter((each) => isInside(config, each, log))),
        moved(subnet) {
          log.warn({ subnet: formatRange(subnet) }, 'The node has another subnet; its pods must be made anew');
          enter(subnet);
          network.setSubnet(subnet);
        },
      },
      signal,
    ),
  ]);

  /** A configuration for pods of another subnet goes before anything else happens. */
  function enter(subnet: Range): void {
    health.pending = 'setting the network up';
    told = undefined;
    if (!sameRange(subnetOfConflist(cniConfFile), subnet)) removeConflist(cniConfFile);
  }
}

/** Whether the kernel has anything of an earlier run. */
async function somethingStands(): Promise<boolean> {
  return (await readLinks()).some(isOurDevice) || (await readRoutes()).size > 0;
}

/** Settings that do not depend on other nodes; notices when the interface between nodes is not what it was. */
async function prepare(options: OverlayOptions, { network }: NetworkConfig, uplink: Uplink): Promise<void> {
  const now = await findUplink(await readLinks(), options.iface, options.publicIp);
  if (now.name !== uplink.name || now.address !== uplink.address || now.mtu !== uplink.mtu) {
    throw new RestartNeeded(
      `the interface between nodes changed from ${describe(uplink)} to ${describe(now)}: starting anew`,
    );
  }
  enableForwarding();
  await setMasquerading(options.masquerade ? masqueradeRules(network, bridge) : undefined);
}

const describe = ({ name, address, mtu }: Uplink): string => `${name} (${address}, MTU ${mtu})`;

/** Pods must not have addresses that the machine finds elsewhere. */
function refuseOverlap(network: Range, links: readonly Link[]): void {
  for (const link of links) {
    if (link.name === bridge || link.name === 'lo' || isOurDevice(link)) continue;
    for (const { address, length } of link.addresses) {
      const range = rangeAt(parseAddress(address), length);
      if (!overlap(range, network)) continue;
      throw new ConfigError(
        `Network: ${formatRange(network)} overlaps ${formatRange(range)}, which is on the interface ${link.name}`,
      );
    }
  }
}

function isInside({ network }: NetworkConfig, { subnet, publicIp }: Peer, log: ClientLog): boolean {
  if (holds(network, subnet)) return true;
  log.warn({ subnet: formatRange(subnet), publicIP: publicIp }, 'Ignoring a node whose subnet is not in the network');
  return false;
}
