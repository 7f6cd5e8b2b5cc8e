import { encodeJson } from '../codec/json.ts';
import type { JSONSchemaProps } from '../generated/apiextensions/v1.ts';
import { type FieldError, tooLongText, tooManyText } from '../meta/field-path.ts';
import { deepEqual, isObject } from '../meta/object.ts';
import { formatCheck, formatOf } from './formats.ts';
import { absent, type ComparedBy, type Former, formerItems, formerMember, isAsItWas } from './former.ts';
import { allOf, anyOf, attempt, type Check, not, oneOf } from './junctors.ts';
import { isNearlyInteger, numberCheck } from './numbers.ts';
import { compilePattern } from './patterns.ts';
import { Walk } from './walk.ts';

type Json = Record<string, unknown>;

/** Validates values by a schema. */
export interface SchemaValidator {
  /**
   * All errors, in upstream's words; `at` is the path of the value in its object. With an old value, parts that are invalid and as
   * they were are let through (KEP-4008, ratcheting).
   */
  validate(value: unknown, at?: string, old?: unknown): FieldError[];
}

/** A validator by a schema, whose parts are compiled when there is something for them to look at. Patterns must have been loaded, and be right. */
export function schemaValidator(props: JSONSchemaProps): SchemaValidator {
  const check = ratcheting(compile(props));
  return {
    validate(value, at = '', old = absent) {
      const walk = new Walk(at, false);
      check(value, absent, walk);
      if (walk.errors.list.length === 0 || old === absent) return walk.errors.list;
      const again = new Walk(at, true);
      check(value, { value: old, schema: props as ComparedBy }, again);
      return again.errors.list;
    },
  };
}

/** A check that finds nothing wrong. Schemas may have very many parts, most of which say little. */
const allows = (): number => 0;
const noJunctors: readonly Check[] = [];

/** The check of a part of a schema, compiled when it is first made: schemas may have very many parts. */
function compile(props: JSONSchemaProps): Check {
  let made: Check | undefined;
  return (value, old, walk) => {
    made ??= compileNow(props);
    return made(value, old, walk);
  };
}

function compileNow(props: JSONSchemaProps): Check {
  const format = formatOf(props);
  const type = typeCheck(props, format);
  const enumeration = enumCheck(props);
  const junctors = junctorsOf(props);
  const string = stringCheck(props);
  const formatted = format === undefined ? undefined : formatCheck(format);
  const number = numberCheck(props);
  const list = listCheck(props);
  const object = objectCheck(props);
  // One for each validator that looks at any value: those of junctors (twice: they count themselves too) and of enum, and the whole.
  const always = 4;
  const whole: Check = (value, old, walk) => {
    if (value === null || value === undefined) {
      const right = type?.(value, walk) ?? true;
      enumeration?.(value, walk);
      return right ? 1 : 0;
    }
    let count = always;
    if (type) count += type(value, walk) ? 2 : 1;
    for (const junctor of junctors) count += junctor(value, old, walk);
    if (typeof value === 'string') {
      string(value, walk);
      count++;
      if (formatted) {
        if (!formatted(value)) walk.typeInvalid(value, format!);
        count++;
      }
    } else if (typeof value === 'number' || typeof value === 'bigint') {
      number(value, walk);
      count += 2;
    } else if (Array.isArray(value)) count += list(value, old, walk) + 2;
    enumeration?.(value, walk);
    if (isObject(value)) count += object(value, old, walk) + 1;
    return count;
  };
  return whole;
}

/** Lets through what is as it was. The alternatives of a schema do not: they are about a value that the schema itself has looked at. */
function ratcheting(check: Check): Check {
  return (value, old, walk) => {
    const unchanged = walk.ratchet && old !== absent && isAsItWas(value, old);
    return unchanged ? attempt(check, value, absent, walk).count : check(value, old, walk);
  };
}

const typeOf = (value: unknown): string => {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value ? 'integer' : 'number';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : 'number';
  return typeof value;
};

/** The formats Go's types have of their own, which stand for the type where a format is wanted. */
const ownFormats: Readonly<Record<string, string>> = { integer: 'int64', number: 'float64' };

/** Returns whether the type is right. */
function typeCheck(
  props: JSONSchemaProps,
  format: string | undefined,
): ((value: unknown, walk: Walk) => boolean) | undefined {
  const types = props['x-kubernetes-int-or-string'] ? ['integer', 'string'] : props.type ? [props.type] : [];
  if (types.length === 0 && format === undefined) return undefined;
  const accepted = new Set(types);
  if (accepted.has('number')) accepted.add('integer');
  if (props.nullable) accepted.add('null');
  const wanted = types.join(',');
  const isNumeric = types.includes('number') || types.includes('integer');
  return (value, walk) => {
    const actual = typeOf(value);
    if (accepted.has(actual) || (types.length === 0 && actual === 'null')) return true;
    if (typeof value === 'number' && accepted.has('integer') && isNearlyInteger(value)) return true;
    if (format === undefined || actual === 'null' || format === ownFormats[actual]) walk.typeInvalid(actual, wanted);
    else if (actual !== 'string' && actual !== 'array') walk.typeInvalid(ownFormats[actual] ?? '', format);
    else if (isNumeric) walk.typeInvalid(actual, wanted);
    else return true; // a format takes lists too
    return false;
  };
}

function enumCheck(props: JSONSchemaProps): ((value: unknown, walk: Walk) => void) | undefined {
  const { enum: values } = props;
  if (!values || values.length === 0) return undefined;
  const plain = new Set(values);
  const supported = values.map((each) => JSON.stringify(typeof each === 'string' ? each : encodeJson(each))).join(', ');
  return (value, walk) => {
    // A float counts as the integer it begins with.
    if (value !== null && plain.has(typeof value === 'number' ? Math.trunc(value) : value)) return;
    if (plain.has(value) && value !== null) return;
    if (typeof value === 'object' && values.some((each) => deepEqual(each, value))) return;
    walk.add('FieldValueNotSupported', `Unsupported value: ${encodeJson(value)}: supported values: ${supported}`);
  };
}

/** Of several errors of a string the first is told. */
function stringCheck({ minLength, maxLength, pattern }: JSONSchemaProps): (value: string, walk: Walk) => void {
  if (minLength === undefined && maxLength === undefined && !pattern) return allows;
  const compiled = pattern ? compilePattern(pattern) : undefined;
  return (value, walk) => {
    if (maxLength !== undefined && value.length > maxLength && lengthOf(value) > maxLength) {
      walk.add('FieldValueTooLong', tooLongText(maxLength));
    } else if (minLength !== undefined && lengthOf(value) < minLength) {
      walk.invalid(value, `should be at least ${minLength} chars long`);
    } else if (compiled) {
      const found = compiled.test(value);
      if (found === undefined) walk.invalid(value, `is too long to be matched with '${pattern}'`);
      else if (!found) walk.invalid(value, `should match '${pattern}'`);
    }
  };
}

/** In characters, not in UTF-16's units. */
function lengthOf(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit <= 0xdbff && i + 1 < text.length) {
      length--;
      i++;
    }
  }
  return length;
}

function listCheck(props: JSONSchemaProps): (value: unknown[], old: Former | typeof absent, walk: Walk) => number {
  const { minItems, maxItems } = props;
  if (!props.items && minItems === undefined && maxItems === undefined) return allows;
  const item = isObject(props.items) ? ratcheting(compile(props.items as JSONSchemaProps)) : undefined;
  return (value, old, walk) => {
    let count = 0;
    if (item) {
      const formerOf = formerItems(walk.ratchet ? old : absent);
      for (let i = 0; i < value.length; i++) {
        walk.steps.push(i);
        count += item(value[i], formerOf(value[i]), walk);
        walk.steps.pop();
      }
    }
    if (minItems !== undefined && value.length < minItems) {
      walk.invalid(value.length, `should have at least ${minItems} items`);
    }
    if (maxItems !== undefined && value.length > maxItems) {
      walk.add('FieldValueTooMany', tooManyText(value.length, maxItems));
    }
    return count;
  };
}

function objectCheck(props: JSONSchemaProps): (value: Json, old: Former | typeof absent, walk: Walk) => number {
  const { minProperties, maxProperties, required = [] } = props;
  if (!props.properties && !props.additionalProperties && !props.required?.length) {
    if (minProperties === undefined && maxProperties === undefined) return allows;
  }
  const properties = new Map(
    Object.entries(props.properties ?? {}).map(([name, each]) => [name, ratcheting(compile(each))]),
  );
  const additional = isObject(props.additionalProperties)
    ? ratcheting(compile(props.additionalProperties as JSONSchemaProps))
    : undefined;
  const counts = minProperties !== undefined || maxProperties !== undefined;
  return (value, old, walk) => {
    if (counts) checkSize(Object.keys(value).length, minProperties, maxProperties, walk);
    let count = 0;
    for (const name in value) {
      const own = properties.get(name);
      const check = own ?? additional;
      if (!check) continue;
      walk.steps.push(own || walk.steps.length > 0 ? name : `.${name}`);
      count += check(value[name], walk.ratchet ? formerMember(old, name) : absent, walk);
      walk.steps.pop();
    }
    for (const name of required) {
      if (Object.hasOwn(value, name)) continue;
      walk.steps.push(name);
      walk.add('FieldValueRequired', 'Required value');
      walk.steps.pop();
    }
    return count;
  };
}

function checkSize(size: number, least: number | undefined, most: number | undefined, walk: Walk): void {
  if (least !== undefined && size < least) walk.invalid(size, `should have at least ${least} properties`);
  if (most !== undefined && size > most) {
    walk.add('FieldValueTooMany', tooManyText(size, most));
  }
}

function junctorsOf(props: JSONSchemaProps): readonly Check[] {
  if (!props.anyOf && !props.oneOf && !props.allOf && !props.not) return noJunctors;
  const junctors: Check[] = [];
  if (props.anyOf?.length) junctors.push(anyOf(props.anyOf.map(compile)));
  if (props.oneOf?.length) junctors.push(oneOf(props.oneOf.map(compile)));
  if (props.allOf?.length) junctors.push(allOf(props.allOf.map(compile)));
  if (props.not) junctors.push(not(compile(props.not)));
  return junctors;
}
