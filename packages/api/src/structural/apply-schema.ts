import type { FieldRow, FieldSchema, ListSchema, MapSchema, ObjectSchema, ScalarName, Schema } from '../schema.ts';
import { objectSchemaOf } from '../schema.ts';
import type { StructuralNode } from './node.ts';

/** What nobody declared: maps have parts, everything else is one thing. */
const anything: MapSchema = {
  is: 'map',
  open: true,
  get values(): Schema {
    return anything;
  },
};

const anyMap: MapSchema = { is: 'map', values: anything };

const scalars: Readonly<Record<string, ScalarName>> = {
  integer: 'int64',
  number: 'double',
  boolean: 'bool',
};

/** The structure of a custom resource as server-side apply and updates' managed fields see it. `name` is `group/version.Kind`. */
export function applySchema(name: string, node: StructuralNode): ObjectSchema {
  return resourceSchema(name, node);
}

/** What else than objects fits where no type is declared. */
type Untyped = Pick<ObjectSchema, 'open' | 'list'>;

/** `inherited`: whether something around it preserves unknown fields, and so all that is in it does. */
function resourceSchema(name: string, node: StructuralNode, inherited = false): ObjectSchema {
  const preserves = inherited || node.preserveUnknown;
  return objectSchema(name, preserves, () => resourceFields(name, node, preserves));
}

/** Fields are made when they are first looked at: there may be very many. */
function objectSchema(
  name: string,
  preserves: boolean,
  make: () => Map<string, FieldSchema>,
  untyped: Untyped = {},
): ObjectSchema {
  let fields: Map<string, FieldSchema> | undefined;
  return {
    is: 'object',
    name,
    get fields() {
      fields ??= make();
      return fields;
    },
    ...(preserves ? { rest: anything } : {}),
    ...untyped,
  };
}

function resourceFields(name: string, node: StructuralNode, preserves: boolean): Map<string, FieldSchema> {
  const fields = fieldsOf(name, node, preserves);
  const text: Schema = { is: 'scalar', scalar: 'string' };
  fields.set('apiVersion', field('apiVersion', { type: 'string', optional: true }, text));
  fields.set('kind', field('kind', { type: 'string', optional: true }, text));
  fields.set('metadata', {
    name: 'metadata',
    row: { type: 'meta/v1.ObjectMeta' },
    inlinedUnder: [],
    get schema() {
      return objectSchemaOf('meta/v1.ObjectMeta');
    },
  });
  return fields;
}

const field = (name: string, row: FieldRow, schema: Schema): FieldSchema => ({ name, row, schema, inlinedUnder: [] });

function fieldsOf(name: string, node: StructuralNode, preserves: boolean): Map<string, FieldSchema> {
  const fields = new Map<string, FieldSchema>();
  for (const [key, property] of node.properties ?? []) {
    fields.set(key, field(key, rowOf(property), schemaOfNode(`${name}.${key}`, property, preserves)));
  }
  return fields;
}

function rowOf(node: StructuralNode): FieldRow {
  const { listType, listKeys, mapType } = node;
  return {
    type: 'any',
    optional: true,
    pointer: true,
    ...(listType === '' ? {} : { listType: listType as NonNullable<FieldRow['listType']> }),
    ...(listKeys.length === 0 ? {} : { keys: listKeys }),
    ...(mapType === 'atomic' ? { mapType: 'atomic' as const, atomic: true } : {}),
    ...(node.default === undefined ? {} : { default: node.default }),
  };
}

function schemaOfNode(name: string, node: StructuralNode, inherited: boolean): Schema {
  const { type, items, properties, additional } = node;
  const preserves = inherited || node.preserveUnknown;
  // A text of a format is any scalar to server-side apply.
  if (type === 'string') return { is: 'scalar', scalar: isPlainText(node) ? 'string' : 'intOrString' };
  const scalar = scalars[type];
  if (scalar) return { is: 'scalar', scalar };
  const list: ListSchema | undefined = items && {
    is: 'list',
    items: schemaOfNode(name, items, preserves),
    row: rowOf(items),
  };
  if (type === 'array') return list ?? { is: 'list', items: anything };
  if (node.embedded) return resourceSchema(name, node, inherited);
  const untyped: Untyped = type === '' ? { open: true, ...(list ? { list } : {}) } : {};
  if (properties) return objectSchema(name, preserves, () => fieldsOf(name, node, preserves), untyped);
  if (typeof additional === 'object') {
    return { is: 'map', values: schemaOfNode(name, additional, preserves), row: rowOf(additional), ...untyped };
  }
  if (type !== '') return anyMap;
  return list ? { is: 'map', values: anything, ...untyped } : anything;
}

/** Of the texts, those without a format and bytes are nothing but texts. */
function isPlainText({ props: { format = '' } }: StructuralNode): boolean {
  return format === '' || format === 'byte';
}
