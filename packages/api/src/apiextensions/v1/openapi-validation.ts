import type { JSONSchemaProps } from '../../generated/apiextensions/v1.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, forbidden, invalid, notSupported, type Path, required } from '../../meta/field-path.ts';
import { isObject } from '../../meta/object.ts';
import { repeats } from '../../meta/repeats.ts';
import { isTypeOrMeta } from '../../structural/node.ts';
import { ruleErrors } from './rule-validation.ts';
import { unsupported } from './unsorted-values.ts';

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

/** What holds for the parts of a schema below where it is looked at. */
interface Place {
  /** Why defaults are forbidden here; undefined: they are allowed. */
  readonly noDefaults?: string;
  /** Inside what describes apiVersion, kind or metadata. */
  readonly inMeta?: boolean;
}

/** Errors of a schema as OpenAPI v3: what is not supported, and lists and maps that are not whole. */
export function openApiErrors(root: JSONSchemaProps, at: Path): FieldError[] {
  return walk(root, at, {}, true);
}

function walk(schema: JSONSchemaProps, at: Path, place: Place, isRoot = false): FieldError[] {
  const errors = unsupportedErrors(schema, at, place);
  if (schema.uniqueItems) {
    const problem = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    errors.push(forbidden(at.child('uniqueItems'), problem));
  }
  const { additionalProperties } = schema;
  if (
    additionalProperties !== undefined &&
    Object.keys(schema.properties ?? {}).length > 0 &&
    additionalProperties !== true
  ) {
    const problem = 'additionalProperties and properties are mutual exclusive';
    errors.push(forbidden(at.child('additionalProperties'), problem));
  }
  if (isObject(additionalProperties)) {
    const inner = place.inMeta
      ? { ...place, noDefaults: 'inside additionalProperties applying to object metadata' }
      : place;
    append(errors, walk(additionalProperties as JSONSchemaProps, at.child('additionalProperties'), inner));
  }
  for (const name in schema.properties) {
    const property = schema.properties[name]!;
    let inner = place;
    if ((isRoot || schema['x-kubernetes-embedded-resource']) && isTypeOrMeta(name)) {
      inner = { ...place, inMeta: true, ...(isRoot ? { noDefaults: `in top-level ${name}` } : {}) };
    }
    append(errors, walk(property, at.child('properties').key(name), inner));
  }
  if (schema.not) append(errors, walk(schema.not, at.child('not'), place));
  for (const junctor of ['allOf', 'oneOf', 'anyOf'] as const) {
    for (const [i, part] of (schema[junctor] ?? []).entries())
      append(errors, walk(part, at.child(junctor).index(i), place));
  }
  for (const [name, part] of Object.entries(schema.definitions ?? {})) {
    append(errors, walk(part, at.child('definitions').key(name), place));
  }
  if (isObject(schema.items)) append(errors, walk(schema.items as JSONSchemaProps, at.child('items'), place));
  return [...errors, ...extensionErrors(schema, at), ...ruleErrors(schema, at)];
}

function unsupportedErrors(schema: JSONSchemaProps, at: Path, place: Place): FieldError[] {
  const errors: FieldError[] = [];
  const no = (field: keyof JSONSchemaProps, isSet: boolean) => {
    if (isSet) errors.push(forbidden(at.child(field), `${field} is not supported`));
  };
  if (schema.type && !types.includes(schema.type)) errors.push(notSupported(at.child('type'), schema.type, types));
  if (schema.default !== undefined && place.noDefaults !== undefined) {
    errors.push(forbidden(at.child('default'), `must not be set ${place.noDefaults}`));
  }
  no('id', Boolean(schema.id));
  no('additionalItems', schema.additionalItems !== undefined);
  no('patternProperties', Object.keys(schema.patternProperties ?? {}).length > 0);
  no('definitions', Object.keys(schema.definitions ?? {}).length > 0);
  no('dependencies', schema.dependencies !== undefined);
  no('$ref', schema.$ref !== undefined);
  if (schema.type === 'null') {
    errors.push(forbidden(at.child('type'), 'type cannot be set to null, use nullable as an alternative'));
  }
  if (Array.isArray(schema.items) && schema.items.length > 0) {
    errors.push(forbidden(at.child('items'), 'items must be a schema object and not an array'));
  }
  if (place.inMeta && schema['x-kubernetes-embedded-resource']) {
    errors.push(forbidden(at.child('x-kubernetes-embedded-resource'), 'must not be used inside of resource meta'));
  }
  return errors;
}

/** Errors of the extensions that say how lists and maps merge. */
function extensionErrors(schema: JSONSchemaProps, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const listType = schema['x-kubernetes-list-type'];
  const mapType = schema['x-kubernetes-map-type'];
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.push(invalid(at.child('x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined'));
  }
  const mustBe = (type: string, extension: string) => {
    const problem = `must be ${type} if ${extension} is specified`;
    errors.push(schema.type ? invalid(at.child('type'), schema.type, problem) : required(at.child('type'), problem));
  };
  if (mapType !== undefined) {
    if (schema.type !== 'object') mustBe('object', 'x-kubernetes-map-type');
    if (!['atomic', 'granular'].includes(mapType)) {
      errors.push(unsupported(at.child('x-kubernetes-map-type'), mapType, ['atomic', 'granular']));
    }
  }
  if (listType !== undefined) {
    if (schema.type !== 'array') mustBe('array', 'x-kubernetes-list-type');
    else if (listType === 'set') append(errors, setErrors(schema, at));
    if (!['atomic', 'set', 'map'].includes(listType)) {
      errors.push(unsupported(at.child('x-kubernetes-list-type'), listType, ['atomic', 'set', 'map']));
    }
  }
  if (schema['x-kubernetes-list-map-keys']?.length && listType !== 'map') {
    const problem = 'must be map if x-kubernetes-list-map-keys is non-empty';
    const path = at.child('x-kubernetes-list-type');
    errors.push(listType === undefined ? required(path, problem) : invalid(path, listType, problem));
  }
  if (listType === 'map') append(errors, mapErrors(schema, at));
  return [...errors, ...itemErrors(schema, at)];
}

function setErrors({ items }: JSONSchemaProps, at: Path): FieldError[] {
  if (!isObject(items)) return [];
  const item = items as JSONSchemaProps;
  const problem = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const listType = item['x-kubernetes-list-type'];
  if (item.type === 'array' && listType !== undefined && listType !== 'atomic') {
    return [invalid(at.child('items.x-kubernetes-list-type'), listType, problem)];
  }
  if (item.type === 'object' && item['x-kubernetes-map-type'] !== 'atomic') {
    return [invalid(at.child('items.x-kubernetes-map-type'), listType ?? null, problem)];
  }
  return [];
}

function mapErrors(schema: JSONSchemaProps, at: Path): FieldError[] {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const keysAt = at.child('x-kubernetes-list-map-keys');
  const errors: FieldError[] = [];
  if (keys.length === 0) errors.push(required(keysAt, 'must not be empty if x-kubernetes-list-type is map'));
  if (schema.items === undefined) {
    return [...errors, required(at.child('items'), 'must have a schema if x-kubernetes-list-type is map')];
  }
  if (!isObject(schema.items)) {
    const problem = 'must only have a single schema if x-kubernetes-list-type is map';
    return [...errors, invalid(at.child('items'), schema.items, problem)];
  }
  const item = schema.items as JSONSchemaProps;
  if (item.type !== 'object') {
    const problem = "must be object if parent array's x-kubernetes-list-type is map";
    return [...errors, invalid(at.child('items.type'), item.type ?? '', problem)];
  }
  const repeated = repeats(keys);
  for (const [i, key] of keys.entries()) {
    const property = item.properties?.[key];
    if (!property) errors.push(invalid(keysAt, keys, 'entries must all be names of item properties'));
    else if (property.type === 'array' || property.type === 'object') {
      const problem = "must be a scalar type if parent array's x-kubernetes-list-type is map";
      errors.push(invalid(at.child('items.properties').key(key).child('type'), item.type, problem));
    }
    if (repeated.has(i)) errors.push(invalid(keysAt, keys, 'must not contain duplicate entries'));
  }
  return errors;
}

/** Items of sets and maps are there, and so are the keys of maps. */
function itemErrors(schema: JSONSchemaProps, at: Path): FieldError[] {
  const listType = schema['x-kubernetes-list-type'];
  if ((listType !== 'set' && listType !== 'map') || !isObject(schema.items)) return [];
  const item = schema.items as JSONSchemaProps;
  const errors: FieldError[] = [];
  if (item.nullable) {
    errors.push(forbidden(at.child('items.nullable'), `cannot be nullable when x-kubernetes-list-type is ${listType}`));
  }
  if (listType === 'set') return errors;
  const isRequired = new Set(item.required);
  for (const key of schema['x-kubernetes-list-map-keys'] ?? []) {
    const property = item.properties?.[key];
    if (!property) continue;
    const path = at.child('items.properties').key(key);
    if (!isRequired.has(key) && property.default === undefined) {
      const problem =
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
      errors.push(required(path.child('default'), problem));
    }
    if (property.nullable) {
      const problem = 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable';
      errors.push(forbidden(path.child('nullable'), problem));
    }
  }
  return errors;
}
