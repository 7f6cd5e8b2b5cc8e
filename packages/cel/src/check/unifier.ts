import { listOf, mapOf, type Type, types } from './type.ts';

const nullable = new Set<Type['is']>(['null', 'object', 'opaque', 'timestamp', 'duration', 'optional']);

/** Finds what the parameters of signatures stand for. Parameters are fresh for each use of a signature. */
export class Unifier {
  #bound = new Map<string, Type>();
  #count = 0;

  fresh(): Type {
    return { is: 'param', name: `_var${this.#count++}` };
  }

  /** The types of one signature with parameters of its own. */
  instantiate(signature: readonly Type[]): Type[] {
    const own = new Map<string, Type>();
    const copy = (type: Type): Type => {
      if (type.is === 'param') {
        const known = own.get(type.name) ?? this.fresh();
        own.set(type.name, known);
        return known;
      }
      return within(type, copy);
    };
    return signature.map(copy);
  }

  /** Whether values of the first types can stand where the second are wanted; remembers what that says of parameters. */
  assignable(actual: readonly Type[], wanted: readonly Type[]): boolean {
    const before = new Map(this.#bound);
    if (actual.length === wanted.length && actual.every((type, i) => this.#fits(type, wanted[i]!))) return true;
    this.#bound = before;
    return false;
  }

  /** The type with known parameters replaced; with `final`, unknown ones become dyn. */
  resolve(type: Type, final = false): Type {
    if (type.is === 'param') {
      const bound = this.#bound.get(type.name);
      if (bound) return this.resolve(bound, final);
      return final ? types.dyn : type;
    }
    return within(type, (inner) => this.resolve(inner, final));
  }

  #find(type: Type): Type {
    let found = type;
    while (found.is === 'param') {
      const bound = this.#bound.get(found.name);
      if (!bound) break;
      found = bound;
    }
    return found;
  }

  #fits(actual: Type, wanted: Type): boolean {
    if (wanted.is === 'param') return this.#bind(wanted.name, actual);
    if (actual.is === 'param') return this.#bind(actual.name, wanted);
    if (actual.is === 'dyn' || wanted.is === 'dyn') return true;
    if (actual.is === 'null') return nullable.has(wanted.is);
    if (wanted.is === 'null') return nullable.has(actual.is);
    switch (actual.is) {
      case 'list':
        return wanted.is === 'list' && this.#fits(actual.item, wanted.item);
      case 'map':
        return wanted.is === 'map' && this.#fits(actual.key, wanted.key) && this.#fits(actual.value, wanted.value);
      case 'optional':
        return wanted.is === 'optional' && this.#fits(actual.of, wanted.of);
      case 'object':
      case 'opaque':
        return wanted.is === actual.is && wanted.name === actual.name;
      default:
        return actual.is === wanted.is;
    }
  }

  #bind(name: string, type: Type): boolean {
    const known = this.#find({ is: 'param', name });
    const found = this.#find(type);
    if (known.is === 'param') {
      if (found.is === 'param' && found.name === known.name) return true;
      if (mentions(found, known.name, (each) => this.#find(each))) return false;
      this.#bound.set(known.name, found);
      return true;
    }
    if (!this.#fits(found, known)) return false;
    // The less specific of the two is what holds for both.
    const root = this.#root(name);
    if (found.is === 'dyn') this.#bound.set(root, found);
    else if (known.is === 'null') this.#bound.set(root, found);
    return true;
  }

  /** The last parameter of a chain of parameters that stand for each other. */
  #root(name: string): string {
    let last = name;
    for (;;) {
      const next = this.#bound.get(last);
      if (next?.is !== 'param') return last;
      last = next.name;
    }
  }
}

function within(type: Type, change: (inner: Type) => Type): Type {
  switch (type.is) {
    case 'list':
      return listOf(change(type.item));
    case 'map':
      return mapOf(change(type.key), change(type.value));
    case 'optional':
    case 'type':
      return { is: type.is, of: change(type.of) };
    default:
      return type;
  }
}

function mentions(type: Type, name: string, find: (type: Type) => Type): boolean {
  const found = find(type);
  switch (found.is) {
    case 'param':
      return found.name === name;
    case 'list':
      return mentions(found.item, name, find);
    case 'map':
      return mentions(found.key, name, find) || mentions(found.value, name, find);
    case 'optional':
    case 'type':
      return mentions(found.of, name, find);
    default:
      return false;
  }
}
