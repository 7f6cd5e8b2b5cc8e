import { isLabelValue } from '@coracle/api/meta/names';
import type { Command } from '../cli/command.ts';
import { CommandFailure, Failures } from '../cli/failure.ts';
import { type MetadataChange, metadataCommand } from './metadata-change.ts';

/** `key=value` and `key-` arguments. Throws with upstream's text for what is neither. */
export function parseLabels(pairs: readonly string[]): MetadataChange {
  const set = new Map<string, string>();
  const remove: string[] = [];
  for (const pair of pairs) {
    if (pair.includes('=')) {
      const [key = '', value = '', ...more] = pair.split('=');
      if (more.length > 0) throw new CommandFailure(`invalid label spec: ${pair}`);
      const wrong = isLabelValue(value);
      if (wrong.length > 0)
        throw new CommandFailure(`invalid label value: ${JSON.stringify(pair)}: ${wrong.join(';')}`);
      set.set(key, value);
    } else if (pair.endsWith('-')) remove.push(pair.slice(0, -1));
    else throw new CommandFailure(`unknown label spec: ${pair}`);
  }
  if (remove.some((key) => set.has(key)))
    throw new CommandFailure('can not both modify and remove a label in the same command');
  return { set, remove };
}

export const command: Command = metadataCommand({
  name: 'label',
  field: 'labels',
  short: 'Change the labels of objects',
  examples:
    'kubectl label pods web-1 tier=front\nkubectl label pods web-1 tier-\nkubectl label --overwrite pods --all tier=back',
  parse: parseLabels,
  reportMissing: true,
  conflict: (taken) =>
    new Failures(
      taken.map(
        ([key, value]) => new CommandFailure(`'${key}' already has a value (${value}), and --overwrite is false`),
      ),
    ),
  message: (change) => (change === 'none' ? 'not labeled' : change === 'shorter' ? 'unlabeled' : 'labeled'),
});
