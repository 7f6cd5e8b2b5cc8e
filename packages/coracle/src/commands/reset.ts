import { clusterFlags, command, placeFrom } from '../cli/command.ts';
import { Progress } from '../cli/progress.ts';
import { loadCluster, OtherClusterFailure } from '../cluster/cluster.ts';
import { exclusively } from '../cluster/lock.ts';
import { erase } from '../cluster/take-down.ts';
import { Failure } from '../failure.ts';
import { runcDriver } from '../nodes/runc/driver.ts';

export default command({
  name: 'reset',
  about: 'remove a cluster and its data',
  description: `Kills a cluster and removes all there is of it: processes, mounts, control groups, links, routes and files, its data among them.
Also cleans up after one whose record is damaged.`,
  flags: clusterFlags,
  async run({ flags }) {
    const place = placeFrom(flags);
    await runcDriver.check();
    refuseOther(() => loadCluster(place));
    await exclusively(place, 'reset', () =>
      new Progress().step(`cluster ${place.name} removed`, () => erase(place, runcDriver)),
    );
    return 0;
  },
});

/** A record that cannot be read must not stand in the way, but another cluster's folder must not be removed. */
function refuseOther(load: () => unknown): void {
  try {
    load();
  } catch (error) {
    if (!(error instanceof Failure) || error instanceof OtherClusterFailure) throw error;
  }
}
