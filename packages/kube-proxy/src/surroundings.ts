import { isIP } from 'node:net';
import type { Node } from '@coracle/api/types/core/v1';
import type { ProxyConfiguration } from './config/configuration.ts';
import type { Family } from './model/family.ts';
import { localTraffic } from './model/local-traffic.ts';
import { nodeIPs, nodePortAddresses } from './node/addresses.ts';
import type { Surroundings } from './proxier.ts';

/** What a family's rules depend on, from the configuration and the node as it is known now (undefined before it registers). */
export function surroundingsOf(
  configuration: ProxyConfiguration,
  family: Family,
  nodeName: string,
  node: Node | undefined,
): Surroundings {
  const { detectLocal, detectLocalMode, clusterCIDR, nftables, bindAddress } = configuration;
  const own = nodeIPs(node).filter((each) => family.has(each));
  const bound = family.has(bindAddress) && !unspecified(bindAddress) ? [bindAddress] : [];
  const addresses = [...new Set([...bound, ...own])];
  const detect = {
    mode: detectLocalMode,
    clusterCIDRs: clusterCIDR === '' ? [] : clusterCIDR.split(','),
    nodeCIDRs: node?.spec?.podCIDRs ?? (node?.spec?.podCIDR ? [node.spec.podCIDR] : []),
    ...detectLocal,
  };
  return {
    context: {
      family,
      masqueradeAll: nftables.masqueradeAll,
      localTraffic: localTraffic(detect, family),
      nodeIPs: addresses,
    },
    place: { nodeName, zone: node?.metadata.labels?.['topology.kubernetes.io/zone'] ?? '' },
    masqueradeMark: (1 << nftables.masqueradeBit) >>> 0,
    nodePortAddresses: nodePortAddresses(configuration.nodePortAddresses, family, addresses[0]),
  };
}

function unspecified(address: string): boolean {
  return isIP(address) === 4 ? address === '0.0.0.0' : /^[0:]+$/.test(address);
}

/** Whether load balancers may send to the node: not while it is deleted, by hand or by the autoscaler. */
export function isEligible(node: Node | undefined): boolean {
  if (!node) return true;
  const leaving = node.spec?.taints?.some((each) => each.key === 'ToBeDeletedByClusterAutoscaler') ?? false;
  return !node.metadata.deletionTimestamp && !leaving;
}
