import type { Type } from './check/type.ts';

/**
 * A value of the language. int is a bigint in the range of int64, uint a `UInt`, double a number; strings are measured in code
 * points, whatever JavaScript's own length says.
 */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | UInt
  | Uint8Array
  | ListValue
  | MapValue
  | Timestamp
  | Duration
  | TypeValue
  | Optional
  | Opaque;

/** An unsigned integer of 64 bits. */
export class UInt {
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = value;
  }
}

/** A point in time, in nanoseconds since 1970. */
export class Timestamp {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** A length of time, in nanoseconds. */
export class Duration {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** A type used as a value: `type(x)`, `int`. */
export class TypeValue {
  readonly type: Type;

  constructor(type: Type) {
    this.type = type;
  }
}

/** A value that may not be there (`a.?b`). */
export class Optional {
  static readonly none: Optional = new Optional(undefined);
  readonly value: Value | undefined;

  constructor(value: Value | undefined) {
    this.value = value;
  }
}

/** A value of a library's own type (URL, IP, quantity …). */
export abstract class Opaque {
  abstract readonly type: Type;
  abstract equals(other: Opaque): boolean;
  /** As `size()` of the language, where the type has one; the cost of calls depends on it. */
  get size(): number | undefined {
    return undefined;
  }
}

/** A list. Items are made when they are asked for, so that big API objects are not converted as a whole. */
export abstract class ListValue implements Iterable<Value> {
  abstract readonly size: number;
  abstract at(index: number): Value;
  /** How two lists are the same: sets and associative lists of the API have an equality of their own. */
  readonly identity: ListIdentity | undefined = undefined;

  *[Symbol.iterator](): Iterator<Value> {
    for (let i = 0; i < this.size; i++) yield this.at(i);
  }
}

/** `x-kubernetes-list-type` other than atomic: `keys` are the fields that tell the items of a `map` apart. */
export type ListIdentity = { readonly is: 'set' } | { readonly is: 'map'; readonly keys: readonly string[] };

/** A map, or an object of a declared type (`type` has its name). */
export abstract class MapValue {
  abstract readonly size: number;
  abstract get(key: Value): Value | undefined;
  abstract keys(): Iterable<Value>;
  readonly type: Type | undefined = undefined;
}

/** A list made by an expression. */
export class ArrayList extends ListValue {
  readonly #items: readonly Value[];
  override readonly identity: ListIdentity | undefined;

  constructor(items: readonly Value[], identity?: ListIdentity) {
    super();
    this.#items = items;
    this.identity = identity;
  }

  override get size(): number {
    return this.#items.length;
  }

  override at(index: number): Value {
    return this.#items[index]!;
  }

  override [Symbol.iterator](): Iterator<Value> {
    return this.#items[Symbol.iterator]();
  }
}

/** `a + b` of lists, without copying: a list built item by item stays linear. */
export class JoinedList extends ListValue {
  readonly #items: Value[];
  override readonly size: number;

  private constructor(items: Value[]) {
    super();
    this.#items = items;
    this.size = items.length;
  }

  /** Appends to `left`'s own array when nothing was appended to it before; otherwise copies. */
  static of(left: ListValue, right: ListValue): ListValue {
    if (right.size === 0) return left;
    const items = left instanceof JoinedList && left.#items.length === left.size ? left.#items : [...left];
    for (const item of right) items.push(item);
    return new JoinedList(items);
  }

  override at(index: number): Value {
    return this.#items[index]!;
  }
}

/** A map made by an expression: numbers that are equal are the same key. */
export class EntryMap extends MapValue {
  readonly #entries: ReadonlyMap<unknown, readonly [Value, Value]>;
  override readonly type: Type | undefined;

  constructor(entries: Iterable<readonly [Value, Value]>, type?: Type) {
    super();
    this.#entries = new Map([...entries].map((entry) => [keyOf(entry[0]), entry]));
    this.type = type;
  }

  override get size(): number {
    return this.#entries.size;
  }

  override get(key: Value): Value | undefined {
    return this.#entries.get(keyOf(key))?.[1];
  }

  override *keys(): Iterable<Value> {
    for (const [key] of this.#entries.values()) yield key;
  }

  entries(): Iterable<readonly [Value, Value]> {
    return this.#entries.values();
  }
}

/** A key as a JavaScript map compares it: equal values of the language, equal keys. */
export function keyOf(key: Value): unknown {
  if (key instanceof UInt) return key.value;
  if (typeof key === 'number' && Number.isInteger(key)) return BigInt(key);
  return key;
}

/** The number of code points of a string. */
export function lengthOf(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xdc00 || unit > 0xdfff || i === 0 || !isHigh(text.charCodeAt(i - 1))) length++;
  }
  return length;
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
