import { isQualifiedName } from '@coracle/api/meta/names';
import type { Command } from '../cli/command.ts';
import { CommandFailure } from '../cli/failure.ts';
import { type MetadataChange, metadataCommand } from './metadata-change.ts';

const changeCause = 'kubernetes.io/change-cause';

function parseAnnotations(pairs: readonly string[]): MetadataChange {
  const set = new Map<string, string>();
  const remove: string[] = [];
  const invalid: string[] = [];
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    if (equals > 0) set.set(pair.slice(0, equals), pair.slice(equals + 1));
    else if (equals < 0 && pair.endsWith('-') && pair.length > 1) remove.push(pair.slice(0, -1));
    else invalid.push(pair);
  }
  if (invalid.length > 0) throw new CommandFailure(`invalid annotation format: ${invalid.join(', ')}`);
  for (const key of set.keys()) {
    const wrong = isQualifiedName(key.toLowerCase());
    if (wrong.length > 0) {
      throw new CommandFailure(`metadata.annotations: Invalid value: ${JSON.stringify(key)}: ${wrong.join('; ')}`);
    }
  }
  const both = remove.find((key) => set.has(key));
  if (both !== undefined) throw new CommandFailure('can not both modify and remove a annotation in the same command');
  return { set, remove };
}

export const command: Command = metadataCommand({
  name: 'annotate',
  field: 'annotations',
  short: 'Change the annotations of objects',
  examples: "kubectl annotate pods web-1 note='see the wiki'\nkubectl annotate pods web-1 note-",
  parse: parseAnnotations,
  reportMissing: false,
  freelyOverwritten: changeCause,
  conflict: (taken) =>
    new CommandFailure(
      `--overwrite is false but found the following declared annotation(s): ${taken.map(([key, value]) => `'${key}' already has a value (${value})`).join('; ')}`,
    ),
  message: () => 'annotated',
});
