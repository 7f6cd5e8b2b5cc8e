import { saveTo, saveToFile } from '../backup/save.ts';
import { clusterArguments, clusterFlags, command, placeFrom } from '../cli/command.ts';
import { Progress } from '../cli/progress.ts';
import { type Cluster, existingCluster } from '../cluster/cluster.ts';
import { interruptible } from '../cluster/interrupt.ts';
import { exclusively } from '../cluster/lock.ts';
import { nodeIdentity } from '../cluster/node-spec.ts';
import { fail } from '../failure.ts';
import { runcDriver } from '../nodes/runc/driver.ts';

export default command({
  name: 'backup',
  about: 'write all that a cluster knows to a file',
  arguments: { usage: 'FILE', least: 1, most: 1 },
  description: `Writes a snapshot of a running cluster's etcd, the cluster's record and its authorities and keys to FILE; '-' is standard output.
'coracle restore' makes a cluster of it again. The file holds private keys and all Secrets: who reads it is the cluster's administrator. It is
for its owner alone, and should stay so wherever you copy it. Volumes and images are not in it.`,
  examples: ['coracle backup /srv/backups/coracle.tar.gz', 'coracle backup - | age -r RECIPIENT > coracle.tar.gz.age'],
  flags: clusterFlags,
  async run({ flags, args: [file] }) {
    const place = placeFrom(flags);
    if (file === '-' && process.stdout.isTTY) {
      fail('a backup is no text, and holds private keys: it is not written to a terminal', { next: 'Name a file.' });
    }
    await runcDriver.check();
    const progress = new Progress();
    return interruptible((signal) =>
      exclusively(place, 'backup', async () => {
        const cluster = existingCluster(place);
        const found = await Promise.all(cluster.nodes.map((it) => runcDriver.find(nodeIdentity(cluster, it.name))));
        if (!found.some(Boolean)) refuseStopped(cluster, clusterArguments(flags));
        const saving = { cluster, progress, signal };
        if (file === '-') await saveTo(saving, { open: () => process.stdout, where: 'standard output', folder: '/' });
        else await saveToFile(saving, file!);
        return 0;
      }),
    );
  },
});

function refuseStopped(cluster: Cluster, which: string): never {
  fail(`cluster ${cluster.name} is stopped, and only etcd that runs gives a whole snapshot`, {
    next: `'coracle up --detach${which}' starts it. While it is stopped, a copy of ${cluster.data} with all owners and modes is a backup too.`,
  });
}
