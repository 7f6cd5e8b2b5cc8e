import { atomicTypes } from './generated/atomic-types.ts';
import { groups } from './generated/groups.ts';
import { tables } from './generated/tables.ts';

/**
 * How a field of an API type is encoded, in the generated tables' notation: a scalar name, `group/version.Type` for a struct,
 * `[]T` for a list and `{}T` for a map with string keys.
 */
export interface FieldRow {
  readonly type: string;
  /** May be left out of JSON. What a client must send is decided by validation, not by this. */
  readonly optional?: boolean;
  /** Documented as required although it may be left out of JSON. */
  readonly required?: boolean;
  /** Optional, and written all the same where it says nothing. */
  readonly written?: boolean;
  /** Unset and zero differ (a Go pointer). */
  readonly pointer?: boolean;
  /** The members of the named struct belong to the enclosing object in JSON (they are nested under `tag` in protobuf). */
  readonly inline?: boolean;
  /** Protobuf field number. */
  readonly tag?: number;
  readonly listType?: 'atomic' | 'set' | 'map';
  /** Keys of an associative list (`listType: map`). */
  readonly keys?: readonly string[];
  readonly mapType?: 'atomic' | 'granular';
  /** A struct that server-side apply treats as one value. */
  readonly atomic?: boolean;
  /** Strategic merge patch strategy: `merge`, `retainKeys`, `merge,retainKeys` or `replace`. */
  readonly patch?: string;
  readonly mergeKey?: string;
  readonly default?: unknown;
}

export type TypeTable = Readonly<Record<string, Readonly<Record<string, FieldRow>>>>;

export type ScalarName =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'double'
  | 'bytes'
  | 'time'
  | 'microTime'
  | 'duration'
  | 'quantity'
  | 'intOrString'
  | 'any';

/** A type, resolved: what decoding, strictness, patches, apply, OpenAPI and protobuf walk. */
export type Schema = ScalarSchema | ObjectSchema | ListSchema | MapSchema;

export interface ScalarSchema {
  readonly is: 'scalar';
  readonly scalar: ScalarName;
}

export interface ObjectSchema {
  readonly is: 'object';
  /** `group/version.Type`, for instance `core/v1.Pod`. */
  readonly name: string;
  /** JSON fields by name, those of inlined structs included. */
  readonly fields: ReadonlyMap<string, FieldSchema>;
  /** The type of members that are no declared fields, where those are kept (custom resources that preserve unknown fields). */
  readonly rest?: Schema;
  /** Whether values that are no objects fit too, each as one thing. */
  readonly open?: boolean;
  /** Of an open type: what lists have to be; undefined: whatever they are. */
  readonly list?: ListSchema;
}

export interface ListSchema {
  readonly is: 'list';
  readonly items: Schema;
  /** What is declared about the items besides their type, as of a field. */
  readonly row?: FieldRow;
}

export interface MapSchema {
  readonly is: 'map';
  readonly values: Schema;
  /** What is declared about the values besides their type, as of a field. */
  readonly row?: FieldRow;
  /** Whether values that are no maps fit too, each as one thing. */
  readonly open?: boolean;
  /** Of an open type: what lists have to be; undefined: whatever they are. */
  readonly list?: ListSchema;
}

export interface FieldSchema {
  readonly name: string;
  readonly row: FieldRow;
  /** Resolved on first use, so that recursive types and unused branches cost nothing. */
  readonly schema: Schema;
  /** Protobuf tags of the inlined structs around this field, outermost first. */
  readonly inlinedUnder: readonly number[];
}

/** Whether a struct is one thing to managers wherever no field says otherwise. */
export const isAtomicType = (name: string): boolean => atomicTypes.has(name);

const zeros: Partial<Record<ScalarName, unknown>> = { string: '', bool: false, int32: 0, int64: 0, double: 0 };

/** What a scalar is where nobody says it; undefined: nothing. */
export function zeroOf(schema: Schema): unknown {
  return schema.is === 'scalar' ? zeros[schema.scalar] : undefined;
}

/** What a field is where nobody says it: its declared default, else the zero of a scalar that is always written; undefined: it may be absent. */
export function defaultOf({ row, schema }: FieldSchema): unknown {
  if (row.default !== undefined) return row.default;
  return (row.optional && !row.written) || row.pointer ? undefined : zeroOf(schema);
}

const cache = new Map<string, Schema>();

/** Resolves a type in table notation (`core/v1.Pod`, `[]string`, `{}quantity`); throws on a name no table has. */
export function schemaOf(type: string): Schema {
  const known = cache.get(type);
  if (known) return known;
  const schema = build(type);
  cache.set(type, schema);
  return schema;
}

/** As `schemaOf`, for a type that must be a struct. */
export function objectSchemaOf(type: string): ObjectSchema {
  const schema = schemaOf(type);
  if (schema.is !== 'object') throw new Error(`${type} is not a struct`);
  return schema;
}

/** The generated type of an apiVersion and kind (`core/v1.Pod`), those of the machinery (Status, discovery) included; undefined: there is none. */
export function typeNamed(apiVersion: string, kind: string): string | undefined {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  const version = apiVersion.slice(slash + 1);
  const folder = Object.keys(groups).find((each) => groups[each] === group && each.endsWith(`/${version}`));
  if (folder && tables[folder] && Object.hasOwn(tables[folder], kind)) return `${folder}.${kind}`;
  const machinery = apiVersion === 'v1' && Object.hasOwn(tables['meta/v1']!, kind);
  return machinery ? `meta/v1.${kind}` : undefined;
}

/** A kind's type: that of its definition where it is a custom resource, else the generated one. */
export function schemaOfKind(kind: {
  readonly type: string;
  readonly dynamic?: { readonly schema: ObjectSchema };
}): ObjectSchema {
  return kind.dynamic?.schema ?? objectSchemaOf(kind.type);
}

function build(type: string): Schema {
  if (type.startsWith('[]')) return { is: 'list', items: schemaOf(type.slice(2)) };
  if (type.startsWith('{}')) return { is: 'map', values: schemaOf(type.slice(2)) };
  const dot = type.lastIndexOf('.');
  if (dot < 0) return { is: 'scalar', scalar: type as ScalarName };
  const rows = tables[type.slice(0, dot)]?.[type.slice(dot + 1)];
  if (!rows) throw new Error(`no field table has ${type}`);
  const fields = new Map<string, FieldSchema>();
  addFields(fields, rows, []);
  return { is: 'object', name: type, fields };
}

function addFields(
  into: Map<string, FieldSchema>,
  rows: Readonly<Record<string, FieldRow>>,
  inlinedUnder: number[],
): void {
  for (const [name, row] of Object.entries(rows)) {
    if (row.inline) {
      const dot = row.type.lastIndexOf('.');
      const inner = tables[row.type.slice(0, dot)]?.[row.type.slice(dot + 1)];
      if (!inner) throw new Error(`no field table has ${row.type}`);
      addFields(into, inner, row.tag === undefined ? inlinedUnder : [...inlinedUnder, row.tag]);
      continue;
    }
    into.set(name, {
      name,
      row,
      inlinedUnder,
      get schema() {
        return schemaOf(row.type);
      },
    });
  }
}
