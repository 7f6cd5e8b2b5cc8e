import { createReadStream, statSync } from 'node:fs';
import { boolFlag } from '@coracle/process/flags';
import { restore } from '../backup/restore.ts';
import { clusterArguments, clusterFlags, command, placeFrom } from '../cli/command.ts';
import { Progress, seconds } from '../cli/progress.ts';
import { adminServer } from '../cluster/cluster.ts';
import { interruptible } from '../cluster/interrupt.ts';
import { exclusively } from '../cluster/lock.ts';
import { fail } from '../failure.ts';
import { runcDriver } from '../nodes/runc/driver.ts';

export default command({
  name: 'restore',
  about: "take a cluster back to what 'coracle backup' wrote",
  arguments: { usage: 'FILE', least: 1, most: 1 },
  description: `Takes a cluster back to what a backup holds and brings it up, or makes it anew on a machine that has none of its name; '-' is standard
input. What was written since the backup is lost. The nodes stay those the cluster has today. Revisions only go up: clients that watched before
are told 410 Gone, and list again. Nothing is changed before the backup is checked, and everything is put back when a step fails.`,
  examples: ['coracle restore /srv/backups/coracle.tar.gz', 'coracle restore --force --name dev dev.tar.gz'],
  flags: {
    ...clusterFlags,
    force: boolFlag({ help: 'stop the cluster if it runs' }),
  },
  async run({ flags, args: [file = ''] }) {
    const place = placeFrom(flags);
    if (file !== '-' && !statSync(file, { throwIfNoEntry: false })) fail(`there is no file ${file}`);
    if (file !== '-' && statSync(file).isDirectory()) fail(`${file} is a folder, and no backup`);
    await runcDriver.check();
    const progress = new Progress();
    return interruptible((signal) =>
      exclusively(place, 'restore', async () => {
        const cluster = await restore({
          place,
          open: () => (file === '-' ? process.stdin : createReadStream(file)),
          where: file === '-' ? 'standard input' : file,
          force: flags.force,
          driver: runcDriver,
          progress,
          signal,
        });
        progress.note(
          `\nCluster ${cluster.name} is restored after ${seconds(progress.elapsed)}: ${adminServer(cluster)}\n` +
            `'coracle status${clusterArguments(flags)}' shows it.`,
        );
        return 0;
      }),
    );
  },
});
