import type { Family } from './family.ts';
import { ofFamily } from './family.ts';

/** How to tell traffic of this cluster's pods from other traffic, as nft expressions; undefined where it cannot be told. */
export interface LocalTraffic {
  readonly isPod: string;
  readonly isNotPod: string;
}

export type DetectLocalMode = 'ClusterCIDR' | 'NodeCIDR' | 'BridgeInterface' | 'InterfaceNamePrefix';

export interface DetectLocal {
  mode: DetectLocalMode;
  /** CIDRs of all pods. */
  clusterCIDRs: readonly string[];
  /** CIDRs of the pods of this node. */
  nodeCIDRs: readonly string[];
  bridgeInterface: string;
  interfaceNamePrefix: string;
}

export function localTraffic(detect: DetectLocal, family: Family): LocalTraffic | undefined {
  switch (detect.mode) {
    case 'ClusterCIDR':
      return bySource(ofFamily(detect.clusterCIDRs, family)[0], family);
    case 'NodeCIDR':
      return bySource(ofFamily(detect.nodeCIDRs, family)[0], family);
    case 'BridgeInterface':
      return byInterface(detect.bridgeInterface);
    case 'InterfaceNamePrefix':
      return byInterface(`${detect.interfaceNamePrefix}*`);
  }
}

function bySource(cidr: string | undefined, { nft }: Family): LocalTraffic | undefined {
  return cidr === undefined ? undefined : { isPod: `${nft} saddr ${cidr}`, isNotPod: `${nft} saddr != ${cidr}` };
}

function byInterface(name: string): LocalTraffic {
  return { isPod: `iifname "${name}"`, isNotPod: `iifname != "${name}"` };
}
