import type { FieldRow, FieldSchema, MapSchema, ObjectSchema, ScalarName, Schema } from '../schema.ts';
import { objectSchemaOf } from '../schema.ts';
import type { StructuralNode } from './node.ts';

/** What nobody declared: maps have parts, everything else is one thing. */
const open: MapSchema = {
  is: 'map',
  open: true,
  get values(): Schema {
    return open;
  },
};

const openMap: MapSchema = { is: 'map', open: true, mapOnly: true, values: open };

const scalars: Readonly<Record<string, ScalarName>> = {
  string: 'string',
  integer: 'int64',
  number: 'double',
  boolean: 'bool',
};

/** The structure of a custom resource as server-side apply and updates' managed fields see it. `name` is `group/version.Kind`. */
export function applySchema(name: string, node: StructuralNode): ObjectSchema {
  return resourceSchema(name, node);
}

function resourceSchema(name: string, node: StructuralNode): ObjectSchema {
  return objectSchema(name, node.preserveUnknown, () => resourceFields(name, node));
}

/** Fields are made when they are first looked at: there may be very many. */
function objectSchema(name: string, preserves: boolean, make: () => Map<string, FieldSchema>): ObjectSchema {
  let fields: Map<string, FieldSchema> | undefined;
  return {
    is: 'object',
    name,
    get fields() {
      fields ??= make();
      return fields;
    },
    ...(preserves ? { rest: open } : {}),
  };
}

function resourceFields(name: string, node: StructuralNode): Map<string, FieldSchema> {
  const fields = fieldsOf(name, node);
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

function fieldsOf(name: string, node: StructuralNode): Map<string, FieldSchema> {
  const fields = new Map<string, FieldSchema>();
  for (const [key, property] of node.properties ?? []) {
    fields.set(key, field(key, rowOf(property), schemaOfNode(`${name}.${key}`, property)));
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

function schemaOfNode(name: string, node: StructuralNode): Schema {
  if (node.intOrString) return open;
  const scalar = scalars[node.type];
  if (scalar) return { is: 'scalar', scalar };
  if (node.type === 'array') return { is: 'list', items: node.items ? schemaOfNode(name, node.items) : open };
  if (node.embedded) return resourceSchema(name, node);
  if (node.properties) {
    return objectSchema(name, node.preserveUnknown, () => fieldsOf(name, node));
  }
  if (typeof node.additional === 'object') {
    return { is: 'map', values: schemaOfNode(name, node.additional), row: rowOf(node.additional) };
  }
  if (node.type === '') return open;
  if (node.additional === true || node.preserveUnknown) return openMap;
  return { is: 'object', name, fields: new Map() };
}
