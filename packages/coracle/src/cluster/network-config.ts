import { parseNetwork } from '../host/addresses.ts';
import type { ClusterRecord } from './cluster.ts';

/** The longest prefix a network of pods may have: two nodes with 62 pods each. */
export const longestPodPrefix = 25;

/** The configuration of the pod network, in flannel's form. */
export function networkConfig({
  podCidr,
  overlay,
}: Pick<ClusterRecord, 'podCidr' | 'overlay'>): Record<string, unknown> {
  return { Network: podCidr, SubnetLen: subnetLength(podCidr), Backend: { Type: overlay.backend } };
}

/** The prefix length of one node's pods: 24, and where the whole network is small a quarter or a half of it. */
export function subnetLength(podCidr: string): number {
  const { length } = parseNetwork(podCidr);
  return length <= 22 ? 24 : Math.min(length + 2, 26);
}
