import { clusterFlags, command, placeFrom } from '../cli/command.ts';
import { Progress } from '../cli/progress.ts';
import { existingCluster } from '../cluster/cluster.ts';
import { exclusively } from '../cluster/lock.ts';
import { takeDown } from '../cluster/take-down.ts';
import { Failure } from '../failure.ts';
import { runcDriver } from '../nodes/runc/driver.ts';

export default command({
  name: 'down',
  about: 'stop a cluster; its data stays',
  description: `Stops a cluster in order: pods with their node, then the control plane, etcd last. Its data stays, and 'coracle up' brings it back.
Does nothing when it is stopped already.`,
  flags: clusterFlags,
  async run({ flags }) {
    const place = placeFrom(flags);
    const cluster = existingCluster(place);
    await runcDriver.check();
    const inOrder = await exclusively(place, 'down', () =>
      new Progress().step(`cluster ${cluster.name} stopped`, () => takeDown(cluster, runcDriver)),
    );
    if (!inOrder) {
      throw new Failure(`a node of ${cluster.name} did not stop by itself and was killed`, {
        next: `Its data is whole as after a crash: 'coracle up' brings it back.`,
      });
    }
    return 0;
  },
});
