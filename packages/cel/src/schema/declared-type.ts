import { listOf, mapOf, type Type, types } from '../check/type.ts';
import { most, type Range } from '../cost/range.ts';
import type { ListIdentity } from '../values.ts';

/**
 * A type of API data: what expressions see of it (`type`), and how big it can get in a request, from which costs are estimated.
 */
export interface DeclaredType {
  readonly type: Type;
  /** Greatest number of items, entries or characters. */
  readonly maxElements: number;
  /** Fewest bytes it takes as JSON. */
  readonly minSize: number;
  /** Of lists and maps: what they hold. */
  readonly items?: DeclaredType;
  /** Of objects: fields by the names expressions use. */
  readonly fields?: ReadonlyMap<string, DeclaredField>;
  readonly identity?: ListIdentity;
  /** Of maps: an entry that is selected as a field (`map.key`) is as big as any. Without it, nothing is known of its size. */
  readonly isUniform?: boolean;
}

export interface DeclaredField {
  /** The name in JSON. */
  readonly name: string;
  readonly declared: DeclaredType;
}

/** The biggest request the API server takes, in bytes. */
export const maxRequestSize = 3 * 1024 * 1024;
/** The longest string a request can hold: what is left without the quotes. */
export const maxStringLength = maxRequestSize - 2;

/** A type of which nothing but that is known. As upstream's, scalars and objects count as without elements. */
export const plainType = (type: Type, minSize = 1, maxElements = 0): DeclaredType => ({ type, minSize, maxElements });

/** A value of any type (`x-kubernetes-int-or-string`, or no schema at all). */
export const dynamic: DeclaredType = plainType(types.dyn, 1, maxStringLength);

/** A list; without a maximum, as long as a request of its smallest items can be. */
export function declaredList(items: DeclaredType, max?: number, identity?: ListIdentity): DeclaredType {
  const maxElements = max ?? Math.floor((maxRequestSize - 2) / (items.minSize + 1));
  return { type: listOf(items.type), items, maxElements, minSize: 2, identity };
}

/** A map with string keys; without a maximum, as big as a request of its smallest entries can be. */
export function declaredMap(items: DeclaredType, max?: number): DeclaredType {
  const maxElements = max ?? Math.floor((maxRequestSize - 2) / (items.minSize + 6));
  return { type: mapOf(types.string, items.type), items, maxElements, minSize: 2 };
}

/** An object. `fields` is asked for when it is first needed, so that types may contain themselves. */
export function declaredObject(
  name: string,
  fields: () => ReadonlyMap<string, DeclaredField>,
  minSize = 2,
): DeclaredType {
  let known: ReadonlyMap<string, DeclaredField> | undefined;
  let typed: ReadonlyMap<string, Type> | undefined;
  const get = () => {
    known ??= fields();
    return known;
  };
  const type: Type = {
    is: 'object',
    name,
    get fields() {
      typed ??= new Map([...get()].map(([field, { declared }]) => [field, declared.type]));
      return typed;
    },
  };
  return {
    type,
    maxElements: 0,
    minSize,
    get fields() {
      return get();
    },
  };
}

/**
 * The size of what is at a path below the variables, for the estimate of costs. As upstream's, rules of a schema begin at `self` whatever the
 * path begins with, which may be part of something computed, and count keys of maps as empty.
 */
export function sizeLookup(
  variables: ReadonlyMap<string, DeclaredType>,
): (path: readonly string[]) => Range | undefined {
  return ([root = '', ...rest]) => {
    let at = variables.get('self') ?? variables.get(root);
    for (const part of rest) {
      if (part === '@keys') return at?.items || at?.fields ? { min: 0n, max: 0n } : undefined;
      if (part === '@indices') return { min: 1n, max: 1n };
      if (part === '@items' || part === '@values' || at?.isUniform) at = at?.items;
      else at = at?.fields?.get(part)?.declared;
    }
    if (!at || (at.type.is === 'dyn' && at !== dynamic && at.maxElements === 0)) return undefined;
    return { min: 0n, max: at.maxElements < 0 ? most : BigInt(at.maxElements) };
  };
}

/** An object whose fields come one after the other: an expression sees those that are there when it is compiled. */
export class GrowingObject {
  readonly #fields = new Map<string, DeclaredField>();
  readonly #types = new Map<string, Type>();
  readonly declared: DeclaredType;

  constructor(name: string) {
    const type: Type = { is: 'object', name, fields: this.#types };
    this.declared = { type, maxElements: 0, minSize: 2, fields: this.#fields };
  }

  add(name: string, declared: DeclaredType): void {
    this.#fields.set(name, { name, declared });
    this.#types.set(name, declared.type);
  }
}
