import { clusterFlags, command, placeFrom } from '../../cli/command.ts';
import { Progress } from '../../cli/progress.ts';
import { existingCluster, nodeOf } from '../../cluster/cluster.ts';
import { interruptible } from '../../cluster/interrupt.ts';
import { exclusively } from '../../cluster/lock.ts';
import { killNode } from '../../cluster/membership.ts';
import { runcDriver } from '../../nodes/runc/driver.ts';

export default command({
  name: 'node kill',
  about: 'end a node at once, as a power failure does',
  arguments: { usage: 'NODE', least: 1, most: 1 },
  description: 'Ends all processes of a node at once, as a power failure does. Its data stays as it is then.',
  examples: ['coracle node kill coracle-2'],
  flags: clusterFlags,
  async run({ flags, args: [name] }) {
    const place = placeFrom(flags);
    const cluster = existingCluster(place);
    const node = nodeOf(cluster, name!);
    await runcDriver.check();
    const progress = new Progress();
    return interruptible((signal) =>
      exclusively(place, 'node kill', async () => {
        await killNode({ cluster, driver: runcDriver, progress, signal }, node);
        return 0;
      }),
    );
  },
});
