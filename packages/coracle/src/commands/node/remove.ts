import { boolFlag, durationFlag } from '@coracle/process/flags';
import { clusterFlags, command, placeFrom } from '../../cli/command.ts';
import { Progress } from '../../cli/progress.ts';
import { existingCluster, nodeOf } from '../../cluster/cluster.ts';
import { interruptible } from '../../cluster/interrupt.ts';
import { exclusively } from '../../cluster/lock.ts';
import { removeNode } from '../../cluster/membership.ts';
import { runcDriver } from '../../nodes/runc/driver.ts';

export default command({
  name: 'node remove',
  about: 'drain a node and remove it for good',
  arguments: { usage: 'NODE', least: 1, most: 1 },
  description: `Drains a node, takes it out of the cluster (a control plane out of etcd first), and removes all there is of it. With --force it is not
drained: pods of a node that is lost are started elsewhere.`,
  examples: ['coracle node remove coracle-3', 'coracle node remove coracle-3 --force'],
  flags: {
    ...clusterFlags,
    force: boolFlag({ help: 'do not drain it' }),
    timeout: durationFlag({ default: 300_000, help: 'how long pods may take to leave' }),
  },
  async run({ flags, args: [name] }) {
    const place = placeFrom(flags);
    const cluster = existingCluster(place);
    const node = nodeOf(cluster, name!);
    await runcDriver.check();
    const progress = new Progress();
    return interruptible((signal) =>
      exclusively(place, 'node remove', async () => {
        const options = { drain: flags.force ? undefined : flags.timeout };
        await removeNode({ cluster, driver: runcDriver, progress, signal }, node, options);
        return 0;
      }),
    );
  },
});
