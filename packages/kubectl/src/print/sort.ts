import { JsonPath, relaxed } from '@coracle/api/jsonpath/jsonpath';
import { Quantity } from '@coracle/api/meta/quantity';
import { CommandFailure } from '../cli/failure.ts';

/** Sorts by the value that --sort-by names. Throws when no object has it. Objects without it come first. */
export function sortBy<T>(items: readonly T[], expression: string, objectOf: (item: T) => unknown): T[] {
  const path = new JsonPath(relaxed(expression), { allowMissing: true });
  const keyed = items.map((item) => ({ item, key: path.find(objectOf(item)).flat()[0] }));
  if (items.length > 0 && keyed.every(({ key }) => key === undefined)) {
    throw new CommandFailure(
      `couldn't find any field with path ${JSON.stringify(relaxed(expression))} in the list of objects`,
    );
  }
  return keyed.sort((a, b) => compareValues(a.key, b.key)).map(({ item }) => item);
}

function compareValues(a: unknown, b: unknown): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  if (typeof a === 'object' || typeof b === 'object')
    throw new CommandFailure('unsortable type: map[string]interface {}');
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}

function compareTexts(a: string, b: string): number {
  const [x, y] = [quantityOf(a), quantityOf(b)];
  if (x && y) return x.cmp(y);
  return a < b ? -1 : a > b ? 1 : 0;
}

function quantityOf(text: string): Quantity | undefined {
  if (!/^[-+.0-9]/.test(text)) return undefined;
  try {
    return Quantity.parse(text);
  } catch {
    return undefined; // Not a quantity: compared as text.
  }
}
