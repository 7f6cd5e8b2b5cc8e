import { clusterFlags, command } from '../../cli/command.ts';
import { startNode } from '../../cluster/membership.ts';
import { onNode } from './on-node.ts';

export default command({
  name: 'node start',
  about: 'start a node that was stopped or killed',
  arguments: { usage: 'NODE', least: 1, most: 1 },
  description: 'Starts a node that was stopped or killed, and waits until it is Ready.',
  examples: ['coracle node start coracle-2'],
  flags: clusterFlags,
  run({ flags, args: [name] }) {
    return onNode('start', flags, name!, startNode);
  },
});
