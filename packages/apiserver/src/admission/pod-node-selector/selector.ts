import { goQuoted } from '@coracle/api/codec/go-text';
import { isLabelValue, isQualifiedName } from '@coracle/api/meta/names';

/** Labels that a node must have. */
export type NodeSelector = Readonly<Record<string, string>>;

/** Reads `disk=ssd,zone=a`. Throws where it is no such list, with upstream's text: a label that is wrong has no field to be named by. */
export function parseNodeSelector(text: string): NodeSelector {
  if (text === '') return {};
  const pairs = text.split(',').map((label): [string, string] => {
    const parts = label.split('=');
    if (parts.length !== 2) throw new Error(`invalid selector: [${parts.join(' ')}]`);
    const [key, value] = parts.map((part) => part.trim()) as [string, string];
    check('<nil>', key, isQualifiedName(key));
    check(`[${key}]`, value, isLabelValue(value));
    return [key, value];
  });
  return Object.fromEntries(pairs);
}

function check(at: string, value: string, problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(`${at}: Invalid value: ${goQuoted(value)}: ${problems.join('; ')}`);
}
