import type { NodeInfo } from '../framework/node-info.ts';

/** The nodes as they were when a scheduling cycle began. Only the cache updates it, between cycles. */
export class Snapshot {
  /** Nodes that have a Node object, taken in turn from the zones. */
  nodes: readonly NodeInfo[] = [];
  /** Those of them with pods that have any pod (anti-)affinity, and with required anti-affinity. */
  nodesWithAffinityPods: readonly NodeInfo[] = [];
  nodesWithRequiredAntiAffinityPods: readonly NodeInfo[] = [];
  readonly byName = new Map<string, NodeInfo>();
  generation = 0;

  get(name: string): NodeInfo | undefined {
    return this.byName.get(name);
  }

  /** A snapshot of given nodes, for tests of plugins. */
  static of(nodes: readonly NodeInfo[]): Snapshot {
    const snapshot = new Snapshot();
    for (const node of nodes) snapshot.byName.set(node.name, node);
    snapshot.replaceLists(nodes);
    return snapshot;
  }

  replaceLists(nodes: readonly NodeInfo[]): void {
    this.nodes = nodes;
    this.nodesWithAffinityPods = nodes.filter((each) => each.podsWithAffinity.length > 0);
    this.nodesWithRequiredAntiAffinityPods = nodes.filter((each) => each.podsWithRequiredAntiAffinity.length > 0);
  }
}
