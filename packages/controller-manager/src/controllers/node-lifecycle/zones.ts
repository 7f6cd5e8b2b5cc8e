import { findCondition } from '@coracle/api/meta/conditions';
import type { Node } from '@coracle/api/types/core/v1';
import type { Settings } from '../../settings.ts';

type ZoneSettings = Pick<
  Settings,
  'nodeEvictionRate' | 'secondaryNodeEvictionRate' | 'unhealthyZoneThreshold' | 'largeClusterSizeThreshold'
>;

/** The zone of a node, as its labels say. */
export function zoneOf(node: Node): string {
  const { labels = {} } = node.metadata;
  return `${labels['topology.kubernetes.io/region'] ?? ''}:\0:${labels['topology.kubernetes.io/zone'] ?? ''}`;
}

const isReady = (node: Node) => findCondition(node.status?.conditions, 'Ready')?.status === 'True';

/**
 * How many nodes a second may be emptied in each zone. When most of a zone is unhealthy the fault is likelier in the network than
 * in the nodes, so evictions slow down, or stop where the zone is small; where no zone has a healthy node, they stop altogether.
 */
export function evictionRates(nodes: readonly Node[], settings: ZoneSettings): Map<string, number> {
  const zones = Map.groupBy(nodes, zoneOf);
  const rates = new Map<string, number>();
  const allDown = nodes.length > 0 && !nodes.some(isReady);
  for (const [zone, members] of zones) {
    const unready = members.filter((each) => !isReady(each)).length;
    const partial = unready > 2 && unready / members.length >= settings.unhealthyZoneThreshold;
    if (allDown && zones.size > 1) rates.set(zone, 0);
    else if (!partial || unready === members.length) rates.set(zone, settings.nodeEvictionRate);
    else rates.set(zone, members.length > settings.largeClusterSizeThreshold ? settings.secondaryNodeEvictionRate : 0);
  }
  return rates;
}

/** Lets one node pass every `1 / rate` seconds in each zone; a first one at once. */
export class EvictionLimiter {
  readonly #next = new Map<string, number>();

  /** Whether a node of the zone may be emptied now (ms). A refusal does not count. */
  admit(zone: string, rate: number, now: number): boolean {
    if (rate <= 0 || now < (this.#next.get(zone) ?? 0)) return false;
    this.#next.set(zone, now + 1000 / rate);
    return true;
  }
}
