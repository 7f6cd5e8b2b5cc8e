import { parseNetwork } from '../host/addresses.ts';
import type { ClusterRecord } from './cluster.ts';

/** The longest prefix a network of pods may have: the overlay wants four subnets of it, with 62 pods each. */
export const longestPodPrefix = 24;

/** The configuration of the pod network, in flannel's form. */
export function networkConfig({
  podCidr,
  overlay,
}: Pick<ClusterRecord, 'podCidr' | 'overlay'>): Record<string, unknown> {
  return { Network: podCidr, SubnetLen: subnetLength(podCidr), Backend: { Type: overlay.backend } };
}

/** The prefix length of one node's pods: 24, and where the whole network is small a quarter of it. */
export function subnetLength(podCidr: string): number {
  const { length } = parseNetwork(podCidr);
  return length <= 22 ? 24 : length + 2;
}

/** How many nodes a network of pods has subnets for. Leases leave out the first, as flannel does. */
export function mostPodSubnets({ podCidr, overlay }: Pick<ClusterRecord, 'podCidr' | 'overlay'>): number {
  const subnets = 2 ** (subnetLength(podCidr) - parseNetwork(podCidr).length);
  return overlay.subnetSource === 'etcd' ? subnets - 1 : subnets;
}
