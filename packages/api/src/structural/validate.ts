import { encodeJson } from '../codec/json.ts';
import type { JSONSchemaProps } from '../generated/apiextensions/v1.ts';
import { append } from '../meta/append.ts';
import type { FieldError } from '../meta/field-path.ts';
import { deepEqual, isObject } from '../meta/object.ts';
import { formatCheck } from './formats.ts';
import { compilePattern } from './patterns.ts';
import { absent, Walk } from './walk.ts';

type Json = Record<string, unknown>;

/**
 * Validates one value, of which `old` is the former one or `absent`; errors go to the walk. Returns how many validators looked at the value
 * and its parts, by which the best of several alternatives is told, as upstream does.
 */
type Check = (value: unknown, old: unknown, walk: Walk) => number;

/** Validates values by a schema. */
export interface SchemaValidator {
  /**
   * All errors, in upstream's words; `at` is the path of the value in its object. With an old value, parts that are invalid and as
   * they were are let through (KEP-4008, ratcheting).
   */
  validate(value: unknown, at?: string, old?: unknown): FieldError[];
}

/** Compiles a schema into a validator. Patterns must have been loaded. Throws an Error for patterns that are none. */
export function schemaValidator(props: JSONSchemaProps): SchemaValidator {
  const check = compile(props);
  return {
    validate(value, at = '', old = absent) {
      const walk = new Walk(at, false);
      check(value, absent, walk);
      if (walk.errors.length === 0 || old === absent) return walk.errors;
      const ratcheting = new Walk(at, true);
      check(value, old, ratcheting);
      return ratcheting.errors;
    },
  };
}

/** A check that finds nothing wrong. Schemas may have very many parts, most of which say little. */
const allows = (): number => 1;
const noJunctors: readonly Check[] = [];

function compile(props: JSONSchemaProps): Check {
  const type = typeCheck(props);
  const enumeration = enumCheck(props);
  const junctors = junctorsOf(props);
  const string = stringCheck(props);
  const number = numberCheck(props);
  const list = listCheck(props);
  const object = objectCheck(props);
  return (value, old, walk) => {
    if (walk.ratchet && old !== absent && deepEqual(value, old)) return 1;
    if (value === null || value === undefined) {
      type?.(value, walk);
      enumeration?.(value, walk);
      return 1;
    }
    let count = 2;
    if (type) {
      type(value, walk);
      count++;
    }
    for (const junctor of junctors) count += junctor(value, old, walk);
    if (typeof value === 'string') count += string(value, walk);
    else if (typeof value === 'number' || typeof value === 'bigint') count += number(value, walk);
    else if (Array.isArray(value)) count += list(value, old, walk);
    if (enumeration) {
      enumeration(value, walk);
      count++;
    }
    if (isObject(value)) count += object(value, old, walk);
    return count;
  };
}

const typeOf = (value: unknown): string => {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'bigint') return 'integer';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
};

function typeCheck(props: JSONSchemaProps): ((value: unknown, walk: Walk) => void) | undefined {
  const types = props['x-kubernetes-int-or-string'] ? ['integer', 'string'] : props.type ? [props.type] : [];
  if (types.length === 0) return undefined;
  const accepted = new Set(types);
  if (accepted.has('number')) accepted.add('integer');
  if (props.nullable) accepted.add('null');
  const wanted = types.join(',');
  return (value, walk) => {
    const actual = typeOf(value);
    if (!accepted.has(actual)) walk.typeInvalid(actual, wanted);
  };
}

function enumCheck(props: JSONSchemaProps): ((value: unknown, walk: Walk) => void) | undefined {
  const { enum: values } = props;
  if (!values || values.length === 0) return undefined;
  const plain = new Set(values);
  const supported = values.map((each) => JSON.stringify(typeof each === 'string' ? each : encodeJson(each))).join(', ');
  return (value, walk) => {
    if (plain.has(value) || (value === null && props.nullable)) return;
    if (typeof value === 'object' && values.some((each) => deepEqual(each, value))) return;
    walk.add('FieldValueNotSupported', `Unsupported value: ${encodeJson(value)}: supported values: ${supported}`);
  };
}

function stringCheck({
  minLength,
  maxLength,
  pattern,
  format,
}: JSONSchemaProps): (value: string, walk: Walk) => number {
  if (minLength === undefined && maxLength === undefined && !pattern && !format) return allows;
  const compiled = pattern ? compilePattern(pattern) : undefined;
  const formatted = format ? formatCheck(format) : undefined;
  return (value, walk) => {
    if (maxLength !== undefined && value.length > maxLength && lengthOf(value) > maxLength) {
      walk.add('FieldValueTooLong', `Too long: may not be more than ${maxLength} bytes`);
    }
    if (minLength !== undefined && lengthOf(value) < minLength) {
      walk.invalid(value, `should be at least ${minLength} chars long`);
    }
    if (compiled && !compiled.test(value)) walk.invalid(value, `should match '${pattern}'`);
    if (!formatted) return 1;
    if (!formatted(value)) walk.typeInvalid(value, format!);
    return 2;
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

const integerLimits: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
};

function numberCheck(props: JSONSchemaProps): (value: number | bigint, walk: Walk) => number {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, type, format } = props;
  const limits = type === 'integer' ? integerLimits[format === 'int32' ? 'int32' : 'int64'] : undefined;
  if (!limits && multipleOf === undefined && maximum === undefined && minimum === undefined) return allows;
  return (value, walk) => {
    if (limits && (value < limits[0] || value > limits[1])) {
      const kind = format ? `with format ${format}` : '(default format)';
      walk.whole(`Checked value must be of type ${type} ${kind} in ${walk.name}`);
    }
    if (multipleOf !== undefined && multipleOf > 0 && !isMultiple(value, multipleOf)) {
      walk.invalid(value, `should be a multiple of ${multipleOf}`);
    }
    if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
      walk.invalid(value, `should be less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`);
    }
    if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
      walk.invalid(value, `should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`);
    }
    return 1;
  };
}

function isMultiple(value: number | bigint, factor: number): boolean {
  if (typeof value === 'bigint' && Number.isInteger(factor)) return value % BigInt(factor) === 0n;
  const quotient = Number(value) / factor;
  return Math.abs(quotient - Math.round(quotient)) < 1e-9;
}

function listCheck(props: JSONSchemaProps): (value: unknown[], old: unknown, walk: Walk) => number {
  const { minItems, maxItems } = props;
  if (!props.items && minItems === undefined && maxItems === undefined) return allows;
  const item = isObject(props.items) ? compile(props.items as JSONSchemaProps) : undefined;
  const isMap = props['x-kubernetes-list-type'] === 'map';
  const keys = props['x-kubernetes-list-map-keys'] ?? [];
  return (value, old, walk) => {
    let count = 1;
    if (item) {
      const before = walk.ratchet && isMap && Array.isArray(old) ? byKeys(old, keys) : undefined;
      for (let i = 0; i < value.length; i++) {
        walk.steps.push(i);
        const former = before?.get(keyOf(value[i], keys));
        count += item(value[i], former === undefined ? absent : former, walk);
        walk.steps.pop();
      }
    }
    if (minItems !== undefined && value.length < minItems) {
      walk.invalid(value.length, `should have at least ${minItems} items`);
    }
    if (maxItems !== undefined && value.length > maxItems) {
      walk.add('FieldValueTooMany', `Too many: ${value.length}: must have at most ${maxItems} items`);
    }
    return count;
  };
}

/** An item's keys as one text. */
export function keyOf(item: unknown, keys: readonly string[]): string {
  if (!isObject(item)) return encodeJson(item);
  return encodeJson(keys.map((key) => (Object.hasOwn(item, key) ? item[key] : null)));
}

function byKeys(list: readonly unknown[], keys: readonly string[]): Map<string, unknown> {
  return new Map(list.map((item) => [keyOf(item, keys), item]));
}

function objectCheck(props: JSONSchemaProps): (value: Json, old: unknown, walk: Walk) => number {
  const { minProperties, maxProperties, required = [] } = props;
  if (!props.properties && !props.additionalProperties && !props.required?.length) {
    if (minProperties === undefined && maxProperties === undefined) return allows;
  }
  const properties = new Map(Object.entries(props.properties ?? {}).map(([name, each]) => [name, compile(each)]));
  const additional = isObject(props.additionalProperties)
    ? compile(props.additionalProperties as JSONSchemaProps)
    : undefined;
  const counts = minProperties !== undefined || maxProperties !== undefined;
  return (value, old, walk) => {
    if (counts) checkSize(Object.keys(value).length, minProperties, maxProperties, walk);
    for (const name of required) {
      if (Object.hasOwn(value, name)) continue;
      walk.steps.push(name);
      walk.add('FieldValueRequired', 'Required value');
      walk.steps.pop();
    }
    let count = 1;
    for (const name in value) {
      const check = properties.get(name) ?? additional;
      if (!check) continue;
      walk.steps.push(name);
      const former = isObject(old) && Object.hasOwn(old, name) ? old[name] : absent;
      count += check(value[name], former, walk);
      walk.steps.pop();
    }
    return count;
  };
}

function checkSize(size: number, least: number | undefined, most: number | undefined, walk: Walk): void {
  if (least !== undefined && size < least) walk.invalid(size, `should have at least ${least} properties`);
  if (most !== undefined && size > most) {
    walk.add('FieldValueTooMany', `Too many: ${size}: must have at most ${most} items`);
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

interface Attempt {
  readonly count: number;
  readonly errors: FieldError[];
}

/** Runs a check apart: its errors do not count yet. */
function attempt(check: Check, value: unknown, old: unknown, walk: Walk): Attempt {
  const { errors } = walk;
  walk.errors = [];
  const count = check(value, old, walk);
  const found = walk.errors;
  walk.errors = errors;
  return { count, errors: found };
}

/** The attempt that got furthest: of those that failed, the first that most validators looked at. */
const best = (attempts: readonly Attempt[]): Attempt =>
  attempts.reduce((found, each) => (each.count > found.count ? each : found));

function anyOf(alternatives: readonly Check[]): Check {
  return (value, old, walk) => {
    const failed: Attempt[] = [];
    for (const alternative of alternatives) {
      const tried = attempt(alternative, value, old, walk);
      if (tried.errors.length === 0) return tried.count;
      failed.push(tried);
    }
    walk.whole(`${JSON.stringify(walk.name)} must validate at least one schema (anyOf)`);
    const { errors, count } = best(failed);
    append(walk.errors, errors);
    return count;
  };
}

function oneOf(alternatives: readonly Check[]): Check {
  return (value, old, walk) => {
    const attempts = alternatives.map((alternative) => attempt(alternative, value, old, walk));
    const valid = attempts.filter(({ errors }) => errors.length === 0);
    if (valid.length === 1) return valid[0]!.count;
    const found = valid.length === 0 ? 'Found none valid' : `Found ${valid.length} valid alternatives`;
    walk.whole(`${JSON.stringify(walk.name)} must validate one and only one schema (oneOf). ${found}`);
    if (valid.length > 0) return 0;
    const { errors, count } = best(attempts);
    append(walk.errors, errors);
    return count;
  };
}

function allOf(parts: readonly Check[]): Check {
  return (value, old, walk) => {
    const attempts = parts.map((part) => attempt(part, value, old, walk));
    const valid = attempts.filter(({ errors }) => errors.length === 0).length;
    for (const { errors } of attempts) append(walk.errors, errors);
    if (valid < parts.length) {
      const none = valid === 0 ? '. None validated' : '';
      walk.whole(`${JSON.stringify(walk.name)} must validate all the schemas (allOf)${none}`);
    }
    return attempts.reduce((sum, { count }) => sum + count, 0);
  };
}

function not(part: Check): Check {
  return (value, old, walk) => {
    const { errors } = attempt(part, value, old, walk);
    if (errors.length === 0) walk.whole(`${JSON.stringify(walk.name)} must not validate the schema (not)`);
    return 0;
  };
}
