import { goText } from '../codec/go-text.ts';
import type { Schema } from '../schema.ts';

export type Json = Record<string, unknown>;

/** Keys of a strategic merge patch that are instructions, not fields. */
export const directive = '$patch';
export const retainKeysDirective = '$retainKeys';
export const deleteFromListPrefix = '$deleteFromPrimitiveList/';
export const elementOrderPrefix = '$setElementOrder/';

/** A strategic merge patch that is malformed or does not fit the type. */
export class StrategicPatchError extends Error {
  override readonly name = 'StrategicPatchError';
}

export const noMergeKey = (item: unknown, mergeKey: string): StrategicPatchError =>
  new StrategicPatchError(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);

export const noListsOfLists = (): StrategicPatchError => new StrategicPatchError('lists of lists are not supported');

export const badPatchType = (type: unknown, patch: unknown): StrategicPatchError =>
  new StrategicPatchError(`unknown patch type: ${type} in map: ${goText(patch)}`);

/** How a field takes part in patches. */
export interface PatchField {
  /** The field's type; of a list, the type of its items. */
  readonly schema: Schema;
  readonly strategy: '' | 'merge' | 'replace';
  readonly retainKeys: boolean;
  readonly mergeKey: string;
}

/** The field `key` of a type; throws where the type has none. Values of maps and untyped values have no strategy. */
export function lookup(schema: Schema, key: string): PatchField {
  const plain = { strategy: '', retainKeys: false, mergeKey: '' } as const;
  if (schema.is === 'map') return { ...plain, schema: schema.values };
  if (schema.is === 'scalar') return { ...plain, schema };
  if (schema.is === 'list') return lookup(schema.items, key);
  const field = schema.fields.get(key);
  if (!field) {
    const struct = schema.name.slice(schema.name.lastIndexOf('.') + 1);
    throw new StrategicPatchError(
      `unable to find api field in struct ${struct} for the json field ${JSON.stringify(key)}`,
    );
  }
  const strategies = field.row.patch?.split(',') ?? [];
  return {
    schema: field.schema.is === 'list' ? field.schema.items : field.schema,
    strategy: strategies.includes('merge') ? 'merge' : strategies.includes('replace') ? 'replace' : '',
    retainKeys: strategies.includes('retainKeys'),
    mergeKey: field.row.mergeKey ?? '',
  };
}

/** What a value is, as far as merging cares. */
export function shapeOf(value: unknown): string {
  return Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value === 'object' ? 'map' : typeof value;
}

/** Whether the items of both lists are maps (they merge by key) or scalars; throws on anything else. */
export function elementShape(...lists: (readonly unknown[])[]): 'map' | 'scalar' {
  let shape: string | undefined;
  for (const list of lists) {
    for (const item of list) {
      const each = shapeOf(item);
      if (each === 'list') throw noListsOfLists();
      if (shape !== undefined && (shape === 'map') !== (each === 'map')) {
        throw new StrategicPatchError('list element types are not identical');
      }
      shape = each;
    }
  }
  return shape === 'map' ? 'map' : 'scalar';
}
