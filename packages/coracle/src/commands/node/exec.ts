import { clusterFlags, command, placeFrom } from '../../cli/command.ts';
import { existingCluster, nodeOf } from '../../cluster/cluster.ts';
import { nodeIdentity } from '../../cluster/node-spec.ts';
import { fail } from '../../failure.ts';
import { runcDriver } from '../../nodes/runc/driver.ts';

export default command({
  name: 'node exec',
  about: 'run a program on a node',
  arguments: { usage: 'NODE -- PROGRAM [ARGUMENT …]', least: 2, most: Number.MAX_SAFE_INTEGER },
  description:
    "Runs a program within a node, as its root, on this terminal where there is one. Exits with the program's exit code.",
  examples: ['coracle node exec coracle-1 -- ip route', 'coracle node exec coracle-2 -- sh'],
  flags: clusterFlags,
  async run({ flags, args: [name, ...program] }) {
    const place = placeFrom(flags);
    const cluster = existingCluster(place);
    const identity = nodeIdentity(cluster, nodeOf(cluster, name!).name);
    if (!(await runcDriver.find(identity))) {
      fail(`node ${name} does not run`, { next: `'coracle node start ${name}' starts it.` });
    }
    return runcDriver.attach(identity, program as [string, ...string[]]);
  },
});
