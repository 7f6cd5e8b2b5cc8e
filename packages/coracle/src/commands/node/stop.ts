import { clusterFlags, command } from '../../cli/command.ts';
import { stopNode } from '../../cluster/membership.ts';
import { onNode } from './on-node.ts';

export default command({
  name: 'node stop',
  about: 'stop a node in order; its data stays',
  arguments: { usage: 'NODE', least: 1, most: 1 },
  description: 'Stops a node in order: its pods, then its programs. Its data stays. The cluster goes on without it.',
  examples: ['coracle node stop coracle-2'],
  flags: clusterFlags,
  run({ flags, args: [name] }) {
    return onNode('stop', flags, name!, stopNode);
  },
});
