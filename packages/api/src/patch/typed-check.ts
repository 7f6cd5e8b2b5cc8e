import { goText, goTypeOf } from '../codec/go-text.ts';
import { mostErrorText } from '../meta/field-path.ts';
import { isObject } from '../meta/object.ts';
import type { ObjectSchema, ScalarName, Schema } from '../schema.ts';
import { fieldElement, formatElement, indexElement, valueElement } from './path-element.ts';
import { itemKey, itemsOf, memberRef, type TypedRef, topologyOf } from './typed.ts';

/** Ends a check that has found as much as anybody is told. */
class EnoughFound extends Error {}

/** What is wrong, in the order in which it is come upon. Throws EnoughFound beyond `mostText`. */
class Complaints {
  readonly texts: string[] = [];
  /** Whether items of one list may be the same, or have the same keys. */
  readonly takesRepeated: boolean;
  readonly #mostText: number;
  #size = 0;

  constructor(takesRepeated: boolean, mostText: number) {
    this.takesRepeated = takesRepeated;
    this.#mostText = mostText;
  }

  add(text: string): void {
    this.texts.push(text);
    this.#size += text.length;
    if (this.#size > this.#mostText) throw new EnoughFound();
  }
}

/**
 * What is wrong with an applied configuration, as upstream words it: fields the type does not have, values of the wrong kind, items of a
 * keyed list without or with the same keys. Empty when it fits; where it is more than 1 MiB of text, what was come upon until then.
 */
export function typeErrors(value: unknown, schema: ObjectSchema): string[] {
  return complaintsAbout(value, schema, new Complaints(false, mostErrorText)).texts;
}

/** Whether an object has fields that managers can own: whether it is of its type, but that items of keyed lists and sets may be there twice. */
export function fitsType(value: unknown, schema: ObjectSchema): boolean {
  return complaintsAbout(value, schema, new Complaints(true, 0)).texts.length === 0;
}

function complaintsAbout(value: unknown, schema: ObjectSchema, errors: Complaints): Complaints {
  try {
    check({ schema }, value, '', errors);
  } catch (error) {
    if (!(error instanceof EnoughFound)) throw error;
  }
  return errors;
}

/** All that `typeErrors` finds as one text, as upstream puts several together; undefined: nothing. */
export function typeProblem(value: unknown, schema: ObjectSchema): string | undefined {
  const errors = typeErrors(value, schema);
  return errors.length > 1 ? ['errors:', ...errors.map((error) => `  ${error}`)].join('\n') : errors[0];
}

const numeric = new Set<ScalarName>(['int32', 'int64', 'double']);
const textual = new Set<ScalarName>(['string', 'bytes', 'duration']);
const untyped = new Set<ScalarName>(['time', 'microTime', 'quantity', 'intOrString']);

/** A value as Go prints it where a scalar is expected. */
const goValue = (value: unknown): string => {
  const shown =
    typeof value === 'string' ? JSON.stringify(value) : typeof value === 'object' ? goSyntax(value) : String(value);
  return `&value.valueUnstructured{Value:${shown}}`;
};

/** A collection in Go's syntax, keys in their order. */
function goSyntax(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (typeof value !== 'object' || value === null) return value === null ? 'interface {}(nil)' : String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[string]interface {}{${entries.map(([key, each]) => `${JSON.stringify(key)}:${goSyntax(each)}`).join(', ')}}`;
}

function checkScalar(scalar: ScalarName, value: unknown, path: string, errors: Complaints): void {
  const isNumber = typeof value === 'number' || typeof value === 'bigint';
  if (numeric.has(scalar)) {
    if (!isNumber) errors.add(`${path}: expected numeric (int or float), got ${goTypeOf(value)}`);
  } else if (textual.has(scalar)) {
    if (typeof value !== 'string') errors.add(`${path}: expected string, got ${goValue(value)}`);
  } else if (scalar === 'bool') {
    if (typeof value !== 'boolean') errors.add(`${path}: expected boolean, got &{${goText(value)}}`);
  } else if (untyped.has(scalar)) {
    if (typeof value === 'object') errors.add(`${path}: expected any scalar, got &{${goText(value)}}`);
  }
}

function check(ref: TypedRef, value: unknown, path: string, errors: Complaints): void {
  if (value === null || value === undefined) return;
  const { schema } = ref;
  if (schema.is === 'scalar') {
    checkScalar(schema.scalar, value, path, errors);
    return;
  }
  if (schema.is === 'list') checkList(ref, schema, value, path, errors);
  else checkMembers(schema, value, path, errors);
}

/** Of an object with a field that its type does not have, nothing is said of what comes after it. */
function checkMembers(
  schema: Schema & { is: 'object' | 'map' },
  value: unknown,
  path: string,
  errors: Complaints,
): void {
  if (!isObject(value)) {
    if (!schema.open) errors.add(`${path}: expected map, got &{${goText(value)}}`);
    else if (schema.list && Array.isArray(value)) checkList({ schema: schema.list }, schema.list, value, path, errors);
    return;
  }
  const topology = schema.is === 'map' ? ({ is: 'map', schema } as const) : ({ is: 'struct', schema } as const);
  for (const name in value) {
    const at = path + formatElement(fieldElement(name));
    const member = memberRef(topology, name);
    if (member === undefined) {
      errors.add(`${at}: field not declared in schema`);
      return;
    }
    check(member, value[name], at, errors);
  }
}

/** Why a value cannot be an item of a set. */
function notOfSet(item: unknown): string | undefined {
  if (Array.isArray(item)) return 'not supported: associative list with lists as elements';
  const what = item === null ? 'an explicit null' : isObject(item) ? 'a map type' : undefined;
  return what && `associative list without keys has an element that's ${what}`;
}

/** Of a list with an item that cannot be told from others, nothing is said of what comes after it. */
function checkList(
  ref: TypedRef,
  schema: Schema & { is: 'list' },
  value: unknown,
  path: string,
  errors: Complaints,
): void {
  if (!Array.isArray(value)) {
    errors.add(`${path}: expected list, got &{${goText(value)}}`);
    return;
  }
  const topology = topologyOf(ref);
  const seen = new Set<string>();
  for (const [i, item] of value.entries()) {
    let element: string | undefined = indexElement(i);
    if (topology.is === 'keyed') {
      element = itemKey(item, topology.keys);
      if (!isObject(item)) {
        const what = item === null ? 'a null element' : 'non-map elements';
        errors.add(`${path}: element ${i}: associative list with keys may not have ${what}`);
        return;
      }
      if (element === undefined) {
        const names = topology.keys.map(({ name }) => JSON.stringify(name)).join(' ');
        errors.add(
          `${path}: element ${i}: associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`,
        );
        return;
      }
    } else if (topology.is === 'set') {
      const problem = notOfSet(item);
      if (problem !== undefined) {
        errors.add(`${path}: element ${i}: ${problem}`);
        return;
      }
      element = valueElement(item);
    }
    if (!errors.takesRepeated && seen.has(element))
      errors.add(`${path}: duplicate entries for key ${formatElement(element)}`);
    seen.add(element);
    check(itemsOf(schema), item, path + formatElement(element), errors);
  }
}
