import type { KubeObject } from '../kind.ts';

/** `namespace/name`, or `name` of a cluster-scoped object: the key of caches and work queues. */
export function keyOf(object: KubeObject): string {
  const { namespace, name } = object.metadata;
  return namespace ? `${namespace}/${name ?? ''}` : (name ?? '');
}

/** The inverse of `keyOf`. */
export function splitKey(key: string): { namespace?: string; name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** Whether a value is a JSON object (not null, not an array). */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A deep copy of a JSON value. Keys named `__proto__` stay ordinary keys. */
export function clone<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  return copy(value) as T;
}

function copy(value: object): object {
  if (Array.isArray(value)) {
    const length = value.length;
    const out = new Array<unknown>(length);
    for (let i = 0; i < length; i++) {
      const item: unknown = value[i];
      out[i] = typeof item === 'object' && item !== null ? copy(item) : item;
    }
    return out;
  }
  // Spread defines own properties, `__proto__` too; assigning to what is then an own property cannot reach a setter.
  const out = { ...value } as Record<string, unknown>;
  for (const key in out) {
    const item = out[key];
    if (typeof item === 'object' && item !== null) out[key] = copy(item);
  }
  return out;
}

/** Whether two JSON values are the same; the order of keys does not matter, and a key set to undefined counts as absent. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!deepEqual(a[i], b[i])) return false;
    return true;
  }
  if (Array.isArray(b)) return false;
  return sameFields(a as Record<string, unknown>, b as Record<string, unknown>);
}

function sameFields(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  let count = 0;
  for (const key in a) {
    const value = a[key];
    if (value === undefined) continue;
    count++;
    if (!Object.hasOwn(b, key) || !deepEqual(value, b[key])) return false;
  }
  for (const key in b) if (b[key] !== undefined) count--;
  return count === 0;
}

/** Sets a key of a JSON object, whatever its name: `__proto__` becomes an ordinary key. */
export function setOwn(object: object, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    (object as Record<string, unknown>)[key] = value;
  }
}

/** A key of a JSON object, never one that every object inherits (`constructor`, `__proto__`). */
export function getOwn(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined;
}

/** The value at a dotted path (`spec.replicas`), undefined where any step is missing. Keys with dots cannot be named. */
export function getPath(object: unknown, path: string): unknown {
  let at = object;
  for (const step of path.split('.')) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = getOwn(at, step);
  }
  return at;
}

/** Sets the value at a dotted path, making the objects on the way; in place. */
export function setPath(object: object, path: string, value: unknown): void {
  const steps = path.split('.');
  const last = steps.pop()!;
  let at = object;
  for (const step of steps) {
    const next = getOwn(at, step);
    if (isObject(next)) {
      at = next;
    } else {
      const made = {};
      setOwn(at, step, made);
      at = made;
    }
  }
  setOwn(at, last, value);
}
