import { choiceFlag, FlagError, intFlag, mapFlag } from '@coracle/process/flags';
import { clusterFlags, command, placeFrom } from '../../cli/command.ts';
import { Progress } from '../../cli/progress.ts';
import { existingCluster } from '../../cluster/cluster.ts';
import { interruptible } from '../../cluster/interrupt.ts';
import { exclusively } from '../../cluster/lock.ts';
import { addNodes } from '../../cluster/membership.ts';
import { nodeWishes } from '../../cluster/wishes.ts';
import { runcDriver } from '../../nodes/runc/driver.ts';

export default command({
  name: 'node add',
  about: 'add nodes to a cluster that runs',
  description: `Adds a worker, or a control plane, to a cluster that runs, and waits until it is Ready. A control plane joins etcd as a learner and
gets its vote when it has caught up. When a step fails, all that was done for the new node is undone.`,
  examples: [
    'coracle node add',
    'coracle node add --role control-plane --count 2',
    'coracle node add --labels disk=fast',
  ],
  flags: {
    ...clusterFlags,
    role: choiceFlag({ default: 'worker', choices: ['worker', 'control-plane'], help: 'what the new node is' }),
    count: intFlag({ default: 1, help: 'how many nodes to add' }),
    labels: mapFlag({ help: 'labels of the new nodes' }),
  },
  async run({ flags }) {
    if (flags.count < 1) throw new FlagError(`--count ${flags.count}: at least one`);
    const place = placeFrom(flags);
    const cluster = existingCluster(place);
    await runcDriver.check();
    const progress = new Progress();
    const wish = nodeWishes.safeParse({ role: flags.role, labels: flags.labels });
    if (!wish.success) {
      throw new FlagError(wish.error.issues.map((it) => `--${it.path.join(': ')}: ${it.message}`).join('\n'));
    }
    const wishes = Array.from({ length: flags.count }, () => wish.data);
    return interruptible((signal) =>
      exclusively(place, 'node add', async () => {
        const added = await addNodes({ cluster, driver: runcDriver, progress, signal }, wishes);
        for (const it of added) process.stdout.write(`${it.name}\n`);
        return 0;
      }),
    );
  },
});
