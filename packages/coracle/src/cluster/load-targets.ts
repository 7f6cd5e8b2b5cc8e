import { fail } from '../failure.ts';
import type { Target } from '../images/load.ts';
import type { NodeDriver } from '../nodes/driver.ts';
import { type Cluster, nodeOf } from './cluster.ts';
import { nodeFacts, nodeIdentity } from './node-spec.ts';

/** The nodes that images can be loaded into: those of the given names, or all that run. Throws Failure when one that is named, or all, do not. */
export async function loadTargets(cluster: Cluster, names: readonly string[], driver: NodeDriver): Promise<Target[]> {
  const nodes = names.length > 0 ? [...new Set(names)].map((it) => nodeOf(cluster, it)) : cluster.nodes;
  const found = await Promise.all(
    nodes.map(async ({ name }) => {
      const identity = nodeIdentity(cluster, name);
      const running = await driver.find(identity);
      if (running) return [{ name, pid: running.pid, snapshotter: nodeFacts(identity.folder).snapshotter }];
      if (names.length > 0) fail(`node ${name} does not run`, { next: `'coracle node start ${name}' starts it.` });
      return [];
    }),
  );
  const targets = found.flat();
  if (targets.length === 0) fail(`cluster ${cluster.name} does not run`, { next: "'coracle up' starts it." });
  return targets;
}
