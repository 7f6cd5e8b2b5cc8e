import { isObject } from '../meta/object.ts';
import { Quantity } from '../meta/quantity.ts';
import type { ObjectSchema, ScalarName, Schema } from '../schema.ts';
import { fieldElement, formatElement, indexElement, valueElement } from './path-element.ts';
import { itemKey, itemRef, memberRef, type TypedRef, topologyOf } from './typed.ts';

/**
 * What is wrong with an applied configuration, as upstream words it: fields the type does not have, values of the wrong kind, items of a
 * keyed list without or with the same keys. Empty when it fits.
 */
export function typeErrors(value: unknown, schema: ObjectSchema): string[] {
  const errors: string[] = [];
  check({ schema }, value, '', errors);
  return errors;
}

const numeric = new Set<ScalarName>(['int32', 'int64', 'double']);
const textual = new Set<ScalarName>(['string', 'bytes', 'time', 'microTime', 'duration']);

function goKind(value: unknown): string {
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'boolean') return 'boolean';
  return typeof value === 'object' ? 'map' : typeof value;
}

function checkScalar(scalar: ScalarName, value: unknown, path: string, errors: string[]): void {
  const isNumber = typeof value === 'number' || typeof value === 'bigint';
  if (numeric.has(scalar)) {
    if (!isNumber) errors.push(`${path}: expected numeric (int or float), got ${goKind(value)}`);
  } else if (textual.has(scalar)) {
    if (typeof value !== 'string') errors.push(`${path}: expected string, got ${goKind(value)}`);
  } else if (scalar === 'bool') {
    if (typeof value !== 'boolean') errors.push(`${path}: expected boolean, got ${goKind(value)}`);
  } else if (scalar === 'quantity' || scalar === 'intOrString') {
    if (!isNumber && typeof value !== 'string') {
      errors.push(`${path}: expected number or string, got ${goKind(value)}`);
    } else if (scalar === 'quantity') {
      try {
        Quantity.parse(value as string | number);
      } catch (error) {
        errors.push(`${path}: ${(error as Error).message}`);
      }
    }
  }
}

function check(ref: TypedRef, value: unknown, path: string, errors: string[]): void {
  if (value === null || value === undefined) return;
  const { schema } = ref;
  if (schema.is === 'scalar') {
    checkScalar(schema.scalar, value, path, errors);
    return;
  }
  if (schema.is === 'map' && schema.open) return;
  if (schema.is === 'list') checkList(ref, schema, value, path, errors);
  else checkMembers(schema, value, path, errors);
}

function checkMembers(schema: Schema & { is: 'object' | 'map' }, value: unknown, path: string, errors: string[]): void {
  if (!isObject(value)) {
    errors.push(`${path}: expected map, got ${goKind(value)}`);
    return;
  }
  const topology = schema.is === 'map' ? ({ is: 'map', schema } as const) : ({ is: 'struct', schema } as const);
  for (const name in value) {
    const at = path + formatElement(fieldElement(name));
    const member = memberRef(topology, name);
    if (member) check(member, value[name], at, errors);
    else errors.push(`${at}: field not declared in schema`);
  }
}

function checkList(
  ref: TypedRef,
  schema: Schema & { is: 'list' },
  value: unknown,
  path: string,
  errors: string[],
): void {
  if (!Array.isArray(value)) {
    errors.push(`${path}: expected list, got ${goKind(value)}`);
    return;
  }
  const topology = topologyOf(ref);
  const seen = new Set<string>();
  for (const [i, item] of value.entries()) {
    let element: string | undefined = indexElement(i);
    if (topology.is === 'keyed') {
      element = itemKey(item, topology.keys);
      if (element === undefined) {
        const names = topology.keys.map(({ name }) => JSON.stringify(name)).join(' ');
        errors.push(
          `${path}: element ${i}: associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`,
        );
        element = indexElement(i);
      }
    } else if (topology.is === 'set') {
      element = valueElement(item);
    }
    if (seen.has(element)) errors.push(`${path}: duplicate entries for key ${formatElement(element)}`);
    seen.add(element);
    check(
      topology.is === 'leaf' ? { schema: schema.items } : itemRefOf(ref, schema),
      item,
      path + formatElement(element),
      errors,
    );
  }
}

function itemRefOf(ref: TypedRef, schema: Schema & { is: 'list' }): TypedRef {
  const topology = topologyOf(ref);
  return topology.is === 'keyed' ? itemRef(topology) : { schema: schema.items };
}
