import type { FlagValues } from '@coracle/process/flags';
import { type clusterFlags, placeFrom } from '../../cli/command.ts';
import { Progress } from '../../cli/progress.ts';
import { existingCluster, type NodeRecord, nodeOf } from '../../cluster/cluster.ts';
import { interruptible } from '../../cluster/interrupt.ts';
import { exclusively } from '../../cluster/lock.ts';
import type { Starting } from '../../cluster/starting.ts';
import { runcDriver } from '../../nodes/runc/driver.ts';

/** Does something to one node while nobody else works on its cluster; Ctrl-C aborts it. Resolves to the exit code. Throws Failure. */
export async function onNode(
  verb: string,
  flags: FlagValues<typeof clusterFlags>,
  name: string,
  work: (starting: Starting, node: NodeRecord) => Promise<void>,
): Promise<number> {
  const place = placeFrom(flags);
  const cluster = existingCluster(place);
  const node = nodeOf(cluster, name);
  await runcDriver.check();
  const progress = new Progress();
  return interruptible((signal) =>
    exclusively(place, `node ${verb}`, async () => {
      await work({ cluster, driver: runcDriver, progress, signal }, node);
      return 0;
    }),
  );
}
