import type { Type } from '../check/type.ts';
import { EvaluationError } from '../evaluate/failure.ts';
import { plain } from '../evaluate/show.ts';
import { formatTimestamp, readDuration, readTimestamp } from '../functions/time-text.ts';
import { Duration, type ListIdentity, ListValue, MapValue, Optional, Timestamp, UInt, type Value } from '../values.ts';
import type { DeclaredType } from './declared-type.ts';
import { unescapeField } from './escape.ts';

/**
 * API data as a value of the language. With a declared type, data is read as that type says (a string as a timestamp, an integer as a
 * double); without one, as JSON has it. Lists and objects are converted as they are read. Throws EvaluationError on data not of its type.
 */
export function toValue(json: unknown, declared?: DeclaredType): Value {
  if (json === null || json === undefined) return null;
  if (!declared || declared.type.is === 'dyn') return untyped(json);
  switch (declared.type.is) {
    case 'int':
      if (typeof json === 'bigint' || (typeof json === 'number' && Number.isInteger(json))) return BigInt(json);
      break;
    case 'double':
      if (typeof json === 'number' || typeof json === 'bigint') return Number(json);
      break;
    case 'bool':
      if (typeof json === 'boolean') return json;
      break;
    case 'string':
      if (typeof json === 'string') return json;
      break;
    case 'bytes':
      if (typeof json === 'string') return new Uint8Array(Buffer.from(json, 'base64'));
      break;
    case 'timestamp':
      if (typeof json === 'string') return readTimestamp(/^\d{4}-\d\d-\d\d$/.test(json) ? `${json}T00:00:00Z` : json);
      break;
    case 'duration':
      if (typeof json === 'string') return readDuration(json);
      break;
    case 'list':
      if (Array.isArray(json)) return new JsonList(json, declared);
      break;
    case 'map':
    case 'object':
      if (typeof json === 'object' && !Array.isArray(json))
        return new JsonMap(json as Record<string, unknown>, declared);
  }
  throw new EvaluationError(
    `invalid data, expected ${declared.type.is}, got ${Array.isArray(json) ? 'list' : typeof json}`,
  );
}

function untyped(json: unknown): Value {
  switch (typeof json) {
    case 'number':
      return Number.isInteger(json) ? BigInt(json) : json;
    case 'bigint':
    case 'string':
    case 'boolean':
      return json;
  }
  if (Array.isArray(json)) return new JsonList(json);
  if (json !== null && typeof json === 'object') return new JsonMap(json as Record<string, unknown>);
  throw new EvaluationError(`unsupported data of type ${typeof json}`);
}

class JsonList extends ListValue {
  readonly json: readonly unknown[];
  readonly #items: DeclaredType | undefined;
  override readonly identity: ListIdentity | undefined;

  constructor(json: readonly unknown[], declared?: DeclaredType) {
    super();
    this.json = json;
    this.#items = declared?.items;
    this.identity = declared?.identity;
  }

  override get size(): number {
    return this.json.length;
  }

  override at(index: number): Value {
    return toValue(this.json[index], this.#items);
  }
}

class JsonMap extends MapValue {
  readonly json: Readonly<Record<string, unknown>>;
  readonly #declared: DeclaredType | undefined;
  override readonly type: Type | undefined;

  constructor(json: Readonly<Record<string, unknown>>, declared?: DeclaredType) {
    super();
    this.json = json;
    this.#declared = declared;
    this.type = declared?.type.is === 'object' ? declared.type : undefined;
  }

  override get size(): number {
    return Object.keys(this.json).length;
  }

  override get(key: Value): Value | undefined {
    if (typeof key !== 'string') return undefined;
    const field = this.#declared?.fields?.get(key);
    if (this.#declared?.fields && !field) return undefined;
    const name = field?.name ?? key;
    if (!Object.hasOwn(this.json, name) || this.json[name] === undefined) return undefined;
    return toValue(this.json[name], field?.declared ?? this.#declared?.items);
  }

  override *keys(): Iterable<Value> {
    yield* this.#declared?.fields
      ? [...this.#declared.fields].flatMap(([escaped, { name }]) => (Object.hasOwn(this.json, name) ? [escaped] : []))
      : Object.keys(this.json);
  }
}

/** A value as JSON, for what expressions produce. Throws EvaluationError on one that JSON cannot hold. */
export function toJson(value: Value): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value;
    throw new EvaluationError('JSON has no infinite numbers and no NaN');
  }
  if (typeof value === 'bigint') return integer(value);
  if (value instanceof UInt) return integer(value.value);
  if (value instanceof JsonList || value instanceof JsonMap) return structuredClone(value.json);
  if (value instanceof ListValue) return [...value].map(toJson);
  if (value instanceof MapValue) {
    const entries = [...value.keys()].map((key) => {
      if (typeof key !== 'string') throw new EvaluationError('JSON has only strings as keys');
      // Fields of objects that an expression made bear the names expressions use.
      return [value.type?.is === 'object' ? unescapeField(key) : key, toJson(value.get(key)!)] as const;
    });
    return Object.fromEntries(entries);
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Timestamp) return formatTimestamp(value.nanos);
  if (value instanceof Duration) return `${plain(Number(value.nanos) / 1e9)}s`;
  if (value instanceof Optional) return value.value === undefined ? null : toJson(value.value);
  throw new EvaluationError('value cannot be written as JSON');
}

const integer = (value: bigint): number | bigint => (Number.isSafeInteger(Number(value)) ? Number(value) : value);
