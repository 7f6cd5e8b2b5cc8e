import type { JSONSchemaProps } from '../../generated/apiextensions/v1.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, forbidden, invalid, type Path, required } from '../../meta/field-path.ts';
import { deepEqual, isObject } from '../../meta/object.ts';
import { checkPattern } from '../../structural/patterns.ts';

type Level = 'root' | 'item' | 'field';

const intOrString: readonly JSONSchemaProps[] = [{ type: 'integer' }, { type: 'string' }];

/**
 * Why a schema is not structural; sorted by text, as upstream's. Structure and types are said outside of what merely restricts values
 * (allOf, anyOf, oneOf, not), and what restricts values names only fields that the structure has.
 */
export function structuralErrors(root: JSONSchemaProps, at: Path): FieldError[] {
  const errors = [...invariants(root, 'root', at), ...completeness(root, root, at, at)];
  const text = (error: FieldError) => `${error.field}: ${error.message}`;
  return errors.sort((a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0));
}

const itemsOf = (schema: JSONSchemaProps): JSONSchemaProps | undefined =>
  isObject(schema.items) ? (schema.items as JSONSchemaProps) : undefined;

const missingType: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

function invariants(schema: JSONSchemaProps, level: Level, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const items = itemsOf(schema);
  if (schema.type === 'array' && !items) errors.push(required(at.child('items'), 'must be specified'));
  if (items) append(errors, invariants(items, 'item', at.child('items')));
  for (const name in schema.properties) {
    const property = schema.properties[name]!;
    append(errors, invariants(property, 'field', at.child('properties').key(name)));
  }
  const { additionalProperties } = schema;
  if (additionalProperties !== undefined) {
    const path = at.child('additionalProperties');
    if (level === 'root') errors.push(forbidden(path, 'must not be used at the root'));
    if (isObject(additionalProperties))
      append(errors, invariants(additionalProperties as JSONSchemaProps, 'field', path));
  }
  const skipAnyOf = deepEqual(schema.anyOf, intOrString);
  const skipInAllOf = deepEqual(schema.allOf?.[0]?.anyOf, intOrString);
  return [
    ...errors,
    ...extensionErrors(schema, at),
    ...valueErrors(schema, skipAnyOf, skipInAllOf, at),
    ...typeErrors(schema, level, at),
    ...metaErrors(schema, level, at),
  ];
}

function extensionErrors(schema: JSONSchemaProps, at: Path): FieldError[] {
  if (!schema['x-kubernetes-int-or-string']) return [];
  const errors: FieldError[] = [];
  for (const field of ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const) {
    if (schema[field])
      errors.push(invalid(at.child(field), true, 'must be false if x-kubernetes-int-or-string is true'));
  }
  return errors;
}

function typeErrors(schema: JSONSchemaProps, level: Level, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const { type = '' } = schema;
  const embedded = schema['x-kubernetes-embedded-resource'];
  const preserves = schema['x-kubernetes-preserve-unknown-fields'];
  const path = at.child('type');
  if (embedded && type !== 'object') {
    const problem = 'must be object if x-kubernetes-embedded-resource is true';
    errors.push(type === '' ? required(path, problem) : invalid(path, type, problem));
  } else if (type === '' && !schema['x-kubernetes-int-or-string'] && !preserves) {
    errors.push(required(path, missingType[level]));
  }
  if (embedded && schema.additionalProperties !== undefined) {
    const problem = 'must not be used if x-kubernetes-embedded-resource is set';
    errors.push(forbidden(at.child('additionalProperties'), problem));
  }
  if (level === 'root' && type !== '' && type !== 'object')
    errors.push(invalid(path, type, 'must be object at the root'));
  if (embedded && !preserves && Object.keys(schema.properties ?? {}).length === 0) {
    const problem =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    errors.push(required(at.child('properties'), problem));
  }
  return errors;
}

/** apiVersion, kind and metadata are what they are: schemas may hardly speak of them. */
function metaErrors(schema: JSONSchemaProps, level: Level, at: Path): FieldError[] {
  if (level !== 'root' && !schema['x-kubernetes-embedded-resource']) return [];
  const errors: FieldError[] = [];
  const pathOf = (name: string) => at.child('properties').key(name);
  for (const name of ['kind', 'apiVersion']) {
    const property = schema.properties?.[name];
    if (property && property.type !== 'string') {
      errors.push(invalid(pathOf(name).child('type'), property.type ?? '', 'must be string'));
    }
  }
  const metadata = schema.properties?.['metadata'];
  if (!metadata) return errors;
  if (metadata.type !== 'object') {
    errors.push(invalid(pathOf('metadata').child('type'), metadata.type ?? '', 'must be object'));
  }
  if (level !== 'root') return errors;
  const { type: _, default: __, properties = {}, ...rest } = metadata;
  const names = Object.keys(properties);
  const speaksOfNames = names.every((name) => name === 'name' || name === 'generateName');
  if (speaksOfNames && Object.values(rest).every((value) => value === undefined)) return errors;
  const problem = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
  return [...errors, forbidden(pathOf('metadata'), problem)];
}

function valueErrors(schema: JSONSchemaProps, skipAnyOf: boolean, skipInAllOf: boolean, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, part] of (skipAnyOf ? [] : (schema.anyOf ?? [])).entries()) {
    append(errors, nestedErrors(part, false, at.child('anyOf').index(i)));
  }
  for (const [i, part] of (schema.allOf ?? []).entries()) {
    append(errors, nestedErrors(part, skipInAllOf && i === 0, at.child('allOf').index(i)));
  }
  for (const [i, part] of (schema.oneOf ?? []).entries()) {
    append(errors, nestedErrors(part, false, at.child('oneOf').index(i)));
  }
  if (schema.not) append(errors, nestedErrors(schema.not, false, at.child('not')));
  if (schema.pattern) {
    try {
      checkPattern(schema.pattern);
    } catch (error) {
      const problem = `must be a valid regular expression, but isn't: ${(error as Error).message}`;
      errors.push(invalid(at.child('pattern'), schema.pattern, problem));
    }
  }
  return errors;
}

/** What must not be said where values are merely restricted, and in which words. */
const forbiddenNested: readonly (readonly [keyof JSONSchemaProps, 'empty' | 'undefined' | 'false'])[] = [
  ['type', 'empty'],
  ['additionalProperties', 'undefined'],
  ['default', 'undefined'],
  ['title', 'empty'],
  ['description', 'empty'],
  ['nullable', 'false'],
  ['x-kubernetes-preserve-unknown-fields', 'false'],
  ['x-kubernetes-embedded-resource', 'false'],
  ['x-kubernetes-int-or-string', 'false'],
  ['x-kubernetes-list-map-keys', 'empty'],
  ['x-kubernetes-list-type', 'undefined'],
  ['x-kubernetes-map-type', 'undefined'],
  ['x-kubernetes-validations', 'empty'],
];

function isSet(value: unknown, unless: 'empty' | 'undefined' | 'false'): boolean {
  if (unless === 'undefined') return value !== undefined;
  if (unless === 'false') return value === true;
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

function nestedErrors(schema: JSONSchemaProps, skipAnyOf: boolean, at: Path): FieldError[] {
  const errors = valueErrors(schema, skipAnyOf, false, at);
  const items = itemsOf(schema);
  if (items) append(errors, nestedErrors(items, false, at.child('items')));
  for (const name in schema.properties) {
    const property = schema.properties[name]!;
    append(errors, nestedErrors(property, false, at.child('properties').key(name)));
  }
  for (const [field, unless] of forbiddenNested) {
    if (isSet(schema[field], unless)) errors.push(forbidden(at.child(field), `must be ${unless} to be structural`));
  }
  if (schema.properties?.['metadata']) {
    errors.push(forbidden(at.child('properties').key('metadata'), 'must not be specified in a nested context'));
  }
  return errors;
}

/** Fields that restrictions of values name and the structure does not have. `at` and `from` are where the one and the other are. */
function completeness(schema: JSONSchemaProps, structure: JSONSchemaProps, at: Path, from: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (schema.not) append(errors, nestedCompleteness(schema.not, structure, at, from.child('not')));
  for (const junctor of ['allOf', 'anyOf', 'oneOf'] as const) {
    for (const [i, part] of (schema[junctor] ?? []).entries()) {
      append(errors, nestedCompleteness(part, structure, at, from.child(junctor).index(i)));
    }
  }
  return errors;
}

function nestedCompleteness(
  part: JSONSchemaProps,
  structure: JSONSchemaProps | undefined,
  at: Path,
  from: Path,
): FieldError[] {
  if (!structure) return [required(at, `because it is defined in ${from}`)];
  const errors = completeness(part, structure, at, from);
  const items = itemsOf(part);
  if (items) {
    append(errors, nestedCompleteness(items, itemsOf(structure), at.child('items'), from.child('items')));
  }
  for (const [name, property] of Object.entries(part.properties ?? {})) {
    const inner = structure.properties?.[name];
    const path = at.child('properties').key(name);
    append(errors, nestedCompleteness(property, inner, path, from.child('properties').key(name)));
  }
  return errors;
}
