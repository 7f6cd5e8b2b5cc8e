import { clusterFlags, command, placeFrom } from '../../cli/command.ts';
import { Progress } from '../../cli/progress.ts';
import { existingCluster, nodeOf } from '../../cluster/cluster.ts';
import { interruptible } from '../../cluster/interrupt.ts';
import { exclusively } from '../../cluster/lock.ts';
import { startNode } from '../../cluster/membership.ts';
import { runcDriver } from '../../nodes/runc/driver.ts';

export default command({
  name: 'node start',
  about: 'start a node that was stopped or killed',
  arguments: { usage: 'NODE', least: 1, most: 1 },
  description: 'Starts a node that was stopped or killed, and waits until it is Ready.',
  examples: ['coracle node start coracle-2'],
  flags: clusterFlags,
  async run({ flags, args: [name] }) {
    const place = placeFrom(flags);
    const cluster = existingCluster(place);
    const node = nodeOf(cluster, name!);
    await runcDriver.check();
    const progress = new Progress();
    return interruptible((signal) =>
      exclusively(place, 'node start', async () => {
        await startNode({ cluster, driver: runcDriver, progress, signal }, node);
        return 0;
      }),
    );
  },
});
