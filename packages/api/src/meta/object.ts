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

/** How deep the plain recursions below go; what nests deeper (only hostile input does) is walked without the call stack. */
const deepest = 500;

/** A deep copy of a JSON value. Keys named `__proto__` stay ordinary keys. */
export function clone<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  return copy(value, 0) as T;
}

function copy(value: object, depth: number): object {
  if (depth > deepest) return copyDeep(value);
  if (Array.isArray(value)) {
    const length = value.length;
    const out = new Array<unknown>(length);
    for (let i = 0; i < length; i++) {
      const item: unknown = value[i];
      out[i] = typeof item === 'object' && item !== null ? copy(item, depth + 1) : item;
    }
    return out;
  }
  const out = shallow(value) as Record<string, unknown>;
  for (const key in out) {
    const item = out[key];
    if (typeof item === 'object' && item !== null) out[key] = copy(item, depth + 1);
  }
  return out;
}

/** Spread defines own properties, `__proto__` too; assigning to what is then an own property cannot reach a setter. */
function shallow(value: object): object {
  return Array.isArray(value) ? [...value] : { ...value };
}

function copyDeep(value: object): object {
  const root = shallow(value);
  const open = [root as Record<string, unknown>];
  for (let at = open.pop(); at; at = open.pop()) {
    for (const key in at) {
      const item = at[key];
      if (typeof item !== 'object' || item === null) continue;
      const inner = shallow(item) as Record<string, unknown>;
      at[key] = inner;
      open.push(inner);
    }
  }
  return root;
}

/** Whether two JSON values are the same; the order of keys does not matter, and a key set to undefined counts as absent. */
export function deepEqual(a: unknown, b: unknown): boolean {
  return equal(a, b, 0);
}

function equal(a: unknown, b: unknown, depth: number): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  if (depth > deepest) return equalDeep(a, b);
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!equal(a[i], b[i], depth + 1)) return false;
    return true;
  }
  if (Array.isArray(b)) return false;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  let count = 0;
  for (const key in left) {
    const value = left[key];
    if (value === undefined) continue;
    count++;
    if (!Object.hasOwn(right, key) || !equal(value, right[key], depth + 1)) return false;
  }
  for (const key in right) if (right[key] !== undefined) count--;
  return count === 0;
}

function equalDeep(first: object, second: object): boolean {
  const open: [unknown, unknown][] = [[first, second]];
  for (let pair = open.pop(); pair; pair = open.pop()) {
    const [a, b] = pair;
    if (Object.is(a, b)) continue;
    if (!isContainer(a) || !isContainer(b) || Array.isArray(a) !== Array.isArray(b)) return false;
    const keys = Object.keys(a).filter((key) => a[key] !== undefined);
    if (keys.length !== Object.keys(b).filter((key) => b[key] !== undefined).length) return false;
    for (const key of keys) {
      if (!Object.hasOwn(b, key)) return false;
      open.push([a[key], b[key]]);
    }
  }
  return true;
}

const isContainer = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

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

/** A value with the keys of all its objects in order, as what is a map in Go is shown. */
export function inKeyOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inKeyOrder);
  if (!isObject(value)) return value;
  const out = {};
  for (const key of Object.keys(value).sort()) setOwn(out, key, inKeyOrder(value[key]));
  return out;
}

/** The type an object says it is of, `GROUP/VERSION, Kind=KIND` (the core group's name is empty), as errors name it. */
export function typeNameOf({ apiVersion, kind }: { apiVersion?: unknown; kind?: unknown }): string {
  const version = typeof apiVersion === 'string' ? apiVersion : '';
  if (version.split('/').length > 2) return '/, Kind=';
  return `${version.includes('/') ? '' : '/'}${version}, Kind=${typeof kind === 'string' ? kind : ''}`;
}
