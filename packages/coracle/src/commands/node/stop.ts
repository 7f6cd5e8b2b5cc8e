import { clusterFlags, command, placeFrom } from '../../cli/command.ts';
import { Progress } from '../../cli/progress.ts';
import { existingCluster, nodeOf } from '../../cluster/cluster.ts';
import { interruptible } from '../../cluster/interrupt.ts';
import { exclusively } from '../../cluster/lock.ts';
import { stopNode } from '../../cluster/membership.ts';
import { runcDriver } from '../../nodes/runc/driver.ts';

export default command({
  name: 'node stop',
  about: 'stop a node in order; its data stays',
  arguments: { usage: 'NODE', least: 1, most: 1 },
  description: 'Stops a node in order: its pods, then its programs. Its data stays. The cluster goes on without it.',
  examples: ['coracle node stop coracle-2'],
  flags: clusterFlags,
  async run({ flags, args: [name] }) {
    const place = placeFrom(flags);
    const cluster = existingCluster(place);
    const node = nodeOf(cluster, name!);
    await runcDriver.check();
    const progress = new Progress();
    return interruptible((signal) =>
      exclusively(place, 'node stop', async () => {
        await stopNode({ cluster, driver: runcDriver, progress, signal }, node);
        return 0;
      }),
    );
  },
});
