import { clusterFlags, command } from '../../cli/command.ts';
import { killNode } from '../../cluster/membership.ts';
import { onNode } from './on-node.ts';

export default command({
  name: 'node kill',
  about: 'end a node at once, as a power failure does',
  arguments: { usage: 'NODE', least: 1, most: 1 },
  description: 'Ends all processes of a node at once, as a power failure does. Its data stays as it is then.',
  examples: ['coracle node kill coracle-2'],
  flags: clusterFlags,
  run({ flags, args: [name] }) {
    return onNode('kill', flags, name!, killNode);
  },
});
