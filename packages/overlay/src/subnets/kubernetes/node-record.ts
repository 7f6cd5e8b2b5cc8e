import type { Node } from '@coracle/api/types/core/v1';
import type { BackendAttributes, Peer } from '../../backend/backend.ts';
import { parseAddress, type Range, rangeFrom } from '../../range.ts';
import type { Self } from '../source.ts';

const at = (name: string): string => `flannel.alpha.coreos.com/${name}`;

/** How a node tells the others of its end of the network: flannel's annotations. */
export function annotationsOf({ publicIp, attributes }: Self): Record<string, string> {
  return {
    [at('backend-type')]: attributes.BackendType,
    [at('backend-data')]: JSON.stringify(attributes.BackendData ?? null),
    [at('public-ip')]: publicIp,
    [at('kube-subnet-manager')]: 'true',
  };
}

/** The IPv4 range of a node's pods; undefined while it has none. */
export function podRange(node: Node): Range | undefined {
  const ranges = node.spec?.podCIDRs?.length ? node.spec.podCIDRs : [node.spec?.podCIDR ?? ''];
  return ranges.map(rangeFrom).find((each) => each !== undefined);
}

/** A node as a peer; undefined while it does not take part in the network. Throws, with the reason, for annotations nobody can read. */
export function peerOf(node: Node): Peer | undefined {
  const { annotations = {} } = node.metadata;
  const subnet = podRange(node);
  if (!subnet || annotations[at('kube-subnet-manager')] !== 'true') return undefined;
  const publicIp = annotations[at('public-ip')] ?? '';
  parseAddress(publicIp);
  const data = JSON.parse(annotations[at('backend-data')] || 'null') as BackendAttributes['BackendData'] | null;
  return {
    subnet,
    publicIp,
    attributes: { BackendType: annotations[at('backend-type')] ?? '', BackendData: data ?? undefined },
  };
}
