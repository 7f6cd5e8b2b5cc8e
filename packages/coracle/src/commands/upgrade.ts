import { boolFlag, durationFlag, FlagError, stringFlag } from '@coracle/process/flags';
import { clusterFlags, command, placeFrom } from '../cli/command.ts';
import { Progress } from '../cli/progress.ts';
import { existingCluster } from '../cluster/cluster.ts';
import { interruptible } from '../cluster/interrupt.ts';
import { exclusively } from '../cluster/lock.ts';
import { checkUpgradable, rollbackUpgrade, upgradable, upgrade } from '../cluster/upgrade.ts';
import { type ImageSource, upgradeImages } from '../cluster/upgrade-images.ts';
import { runcDriver } from '../nodes/runc/driver.ts';
import { registryFlags, registryOptions } from '../registry/flags.ts';

export default command({
  name: 'upgrade',
  about: 'bring a running cluster of system containers to other images, or back',
  description: `Brings the programs of a cluster whose nodes have Debian roots to other images while it runs: each control plane (etcd, kube-apiserver,
kube-controller-manager, kube-scheduler, then the programs of its node), then the workers one by one, each drained, updated and taken back once
it is Ready. A program that is not healthy in time goes back by itself, and the upgrade stops there. Said again, it goes on with what is not done.

The images are those of this checkout; or with --images the archives <component>.tar of a folder, where components without one stay as they
are; or with --registry and --to those of a registry, PREFIX/<component>:VERSION.`,
  examples: [
    'coracle upgrade',
    'coracle upgrade --images ./release',
    'coracle upgrade --registry registry.example/coracle --to v1.36.1',
    'coracle upgrade --rollback',
  ],
  flags: {
    ...clusterFlags,
    images: stringFlag({ help: 'the `folder` of the images' }),
    registry: stringFlag({ help: 'the `prefix` of the names of the images in a registry' }),
    to: stringFlag({ help: 'the `version` of the images in the registry' }),
    rollback: boolFlag({ help: 'take the last upgrade back, as far as it came' }),
    drain: boolFlag({ default: true, help: 'have pods leave a worker before its programs are updated' }),
    'drain-timeout': durationFlag({ default: 300_000, help: 'how long pods may take to leave' }),
    'health-timeout': durationFlag({
      help: 'how long a program may take until it is healthy (default: what its image says)',
    }),
    ...registryFlags,
  },
  async run({ flags }) {
    const source = flags.rollback ? undefined : sourceOf(flags);
    if (flags.rollback && (flags.images || flags.registry || flags.to)) {
      throw new FlagError('--images, --registry and --to have no place beside --rollback');
    }
    const place = placeFrom(flags);
    const cluster = existingCluster(place);
    await runcDriver.check();
    const progress = new Progress();
    const limit = flags['health-timeout'];
    const options = {
      drain: flags.drain ? flags['drain-timeout'] : undefined,
      ...(limit > 0 ? { health: limit } : {}),
    };
    return interruptible((signal) =>
      exclusively(place, 'upgrade', async () => {
        const starting = { cluster, driver: runcDriver, progress, signal };
        await checkUpgradable(starting);
        if (!source) {
          progress.note(told(await rollbackUpgrade(starting, options), 'taken back'));
          return 0;
        }
        const images = await progress.step('images', () => upgradeImages(source, upgradable(cluster)));
        progress.note(told(await upgrade(starting, images, options), 'updated'));
        return 0;
      }),
    );
  },
});

const told = (count: number, done: string): string =>
  count === 0 ? 'There was nothing to do.' : `${count} system containers ${done}.`;

function sourceOf(
  flags: Parameters<typeof registryOptions>[0] & Record<'images' | 'registry' | 'to', string>,
): ImageSource {
  const { images, registry, to } = flags;
  if (images && (registry || to)) throw new FlagError('--images has no place beside --registry and --to');
  if ((registry === '') !== (to === '')) throw new FlagError('--registry and --to are said together');
  if (images) return { folder: images };
  return registry ? { registry, version: to, options: registryOptions(flags) } : { checkout: true };
}
