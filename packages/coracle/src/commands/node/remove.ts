import { boolFlag, durationFlag } from '@coracle/process/flags';
import { clusterFlags, command } from '../../cli/command.ts';
import { removeNode } from '../../cluster/membership.ts';
import { onNode } from './on-node.ts';

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
  run({ flags, args: [name] }) {
    const options = { drain: flags.force ? undefined : flags.timeout };
    return onNode('remove', flags, name!, (starting, node) => removeNode(starting, node, options));
  },
});
