import { findCondition } from '@coracle/api/meta/conditions';
import type { Node } from '@coracle/api/types/core/v1';
import type { Settings } from '../../settings.ts';

type ZoneSettings = Pick<
  Settings,
  'nodeEvictionRate' | 'secondaryNodeEvictionRate' | 'unhealthyZoneThreshold' | 'largeClusterSizeThreshold'
>;

/** Nodes with this label say nothing about the health of their zone. */
const excluded = 'node.kubernetes.io/exclude-disruption';

/** The zone of a node, as its labels say. */
export function zoneOf(node: Node): string {
  const { labels = {} } = node.metadata;
  return `${labels['topology.kubernetes.io/region'] ?? ''}:\0:${labels['topology.kubernetes.io/zone'] ?? ''}`;
}

const isReady = (node: Node) => findCondition(node.status?.conditions, 'Ready')?.status === 'True';

/**
 * How many nodes a second may be emptied in each zone. When most of a zone is unhealthy the fault is likelier in the network than
 * in the nodes, so evictions slow down, or stop where the zone is small. Undefined: no zone has a healthy node, and they stop
 * altogether, since it is likelier this process that is cut off.
 */
export function evictionRates(nodes: readonly Node[], settings: ZoneSettings): Map<string, number> | undefined {
  const counted = nodes.filter((each) => each.metadata.labels?.[excluded] === undefined);
  if (counted.length > 0 && !counted.some(isReady)) return undefined;
  const rates = new Map<string, number>();
  for (const [zone, members] of Map.groupBy(counted, zoneOf)) {
    const unready = members.filter((each) => !isReady(each)).length;
    const partial = unready > 2 && unready / members.length >= settings.unhealthyZoneThreshold;
    if (!partial || unready === members.length) rates.set(zone, settings.nodeEvictionRate);
    else rates.set(zone, members.length > settings.largeClusterSizeThreshold ? settings.secondaryNodeEvictionRate : 0);
  }
  return rates;
}

/** Rations how many nodes are emptied: of each zone one node every `1 / rate` seconds, a first one at once. */
export class EvictionLimiter {
  readonly #settings: ZoneSettings;
  readonly #next = new Map<string, number>();
  #rates: Map<string, number> | undefined = new Map();

  constructor(settings: ZoneSettings) {
    this.#settings = settings;
  }

  /** Whether no node at all may be emptied, since none is healthy. */
  get stopped(): boolean {
    return this.#rates === undefined;
  }

  /** Works out the rates anew; returns whether evictions had stopped altogether and are now on again. */
  look(nodes: readonly Node[]): boolean {
    const before = this.stopped;
    this.#rates = evictionRates(nodes, this.#settings);
    return before && !this.stopped;
  }

  /** 0 where a node of the zone may be emptied at the time `now` (ms), which counts; else how long to wait, Infinity at a rate of 0. */
  admit(zone: string, now: number): number {
    const rate = this.#rates ? (this.#rates.get(zone) ?? this.#settings.nodeEvictionRate) : 0;
    if (rate <= 0) return Number.POSITIVE_INFINITY;
    const next = this.#next.get(zone) ?? 0;
    if (now < next) return next - now;
    this.#next.set(zone, now + 1000 / rate);
    return 0;
  }
}
