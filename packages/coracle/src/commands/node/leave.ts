import { boolFlag, durationFlag } from '@coracle/process/flags';
import { command } from '../../cli/command.ts';
import { Progress } from '../../cli/progress.ts';
import { interruptible } from '../../cluster/interrupt.ts';
import { fail } from '../../failure.ts';
import { leaveCluster } from '../../join/leave.ts';
import { readRecord } from '../../join/record.ts';
import { exclusively } from '../../system/lock.ts';
import { machineOf } from '../../system/machine.ts';
import { defaultBase } from '../../system/place.ts';

export default command({
  name: 'node leave',
  about: "take this machine out of the cluster that it joined by 'node join'",
  description: `Drains the node that this machine is, deletes it from the cluster, and removes all that 'coracle node join' brought: units, system
containers, containerd with its images, network rules, files. With --force it is not drained, and the cluster need not answer.`,
  examples: ['coracle node leave', 'coracle node leave --force'],
  flags: {
    force: boolFlag({ help: 'do not drain it, and leave also when the cluster does not answer' }),
    timeout: durationFlag({ default: 300_000, help: 'how long pods may take to leave' }),
  },
  async run({ flags }) {
    if (process.getuid?.() !== 0) fail('what a joined machine has belongs to root', { next: 'Run it again as root.' });
    const place = { root: '/', base: defaultBase };
    const machine = machineOf(place);
    const record = readRecord();
    const progress = new Progress();
    return interruptible((signal) =>
      exclusively(place, 'node leave', async () => {
        await leaveCluster({ place, machine, progress, signal }, record, flags.force ? undefined : flags.timeout);
        progress.note(`This machine is no node of cluster ${record.cluster} any more.`);
        return 0;
      }),
    );
  },
});
