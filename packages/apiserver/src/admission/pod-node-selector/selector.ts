import { isLabelValue, isQualifiedName } from '@coracle/api/meta/names';

/** Labels that a node must have. */
export type NodeSelector = Readonly<Record<string, string>>;

/** Reads `disk=ssd,zone=a`. Throws where it is no such list. */
export function parseNodeSelector(text: string): NodeSelector {
  if (text === '') return {};
  const pairs = text.split(',').map((label): [string, string] => {
    const parts = label.split('=');
    if (parts.length !== 2) throw new Error(`invalid selector: ${text}`);
    const [key, value] = parts.map((part) => part.trim()) as [string, string];
    const [problem] = [...isQualifiedName(key), ...isLabelValue(value)];
    if (problem !== undefined) throw new Error(`invalid selector: ${text}: ${problem}`);
    return [key, value];
  });
  return Object.fromEntries(pairs);
}
