import type { Node } from '@coracle/api/types/core/v1';

const regionLabels = ['topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/region'];
const zoneLabels = ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone'];

/** The node's zone as one key, empty when it has neither region nor zone. */
export function zoneOf(node: Node): string {
  const labels = node.metadata.labels ?? {};
  const region = regionLabels.map((each) => labels[each]).find((each) => each) ?? '';
  const zone = zoneLabels.map((each) => labels[each]).find((each) => each) ?? '';
  return region === '' && zone === '' ? '' : `${region}:\0:${zone}`;
}

/** Orders nodes so that those first looked at come from all zones alike: one of each zone in turn. */
export function interleaveZones(nodes: Iterable<Node>): string[] {
  const zones = new Map<string, string[]>();
  for (const node of nodes) {
    const zone = zoneOf(node);
    const names = zones.get(zone);
    if (names) names.push(node.metadata.name!);
    else zones.set(zone, [node.metadata.name!]);
  }
  const order: string[] = [];
  for (let i = 0; zones.size > 0; i++) {
    for (const [zone, names] of zones) {
      if (i < names.length) order.push(names[i]!);
      else zones.delete(zone);
    }
  }
  return order;
}
