import { boolFlag, intFlag } from '@coracle/process/flags';
import { clusterFlags, command, placeFrom } from '../../cli/command.ts';
import { existingCluster, nodeOf } from '../../cluster/cluster.ts';
import { printLog } from '../../cluster/log-reading.ts';

export default command({
  name: 'node logs',
  about: "print what a node said while it started, or a component's log",
  arguments: { usage: 'NODE [COMPONENT]', least: 1, most: 2 },
  description: 'Prints what a node itself says, or the log of one of its components.',
  examples: ['coracle node logs coracle-2', 'coracle node logs coracle-2 kubelet -f'],
  flags: {
    ...clusterFlags,
    follow: boolFlag({ shorthand: 'f', help: 'go on printing what is added' }),
    tail: intFlag({ default: -1, help: 'how many of the last lines to print; all with -1' }),
  },
  async run({ flags, args: [name, component = 'node'] }) {
    const cluster = existingCluster(placeFrom(flags));
    await printLog(cluster, nodeOf(cluster, name!).name, component, flags);
    return 0;
  },
});
