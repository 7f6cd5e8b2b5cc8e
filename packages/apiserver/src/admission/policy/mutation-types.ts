import { type Type, types } from '@coracle/cel/check/type';
import { ListValue, MapValue, type Value } from '@coracle/cel/values';

/**
 * `Object`, `Object.spec`, `Object.spec.containers`: the types of what an ApplyConfiguration makes. An object's shape is not known when the
 * policy is compiled, so that any field may be named; apply itself refuses what the object cannot have.
 */
export function configurationType(name: string): Type | undefined {
  if (name !== 'Object' && !name.startsWith('Object.')) return undefined;
  return { is: 'object', name, fields: anyField };
}

/** A map that has every field, of any type. */
const anyField: ReadonlyMap<string, Type> = new (class extends Map<string, Type> {
  override get(): Type {
    return types.dyn;
  }

  override has(): boolean {
    return true;
  }
})();

const patchFields: ReadonlyMap<string, Type> = new Map([
  ['op', types.string],
  ['path', types.string],
  ['from', types.string],
  ['value', types.dyn],
]);
const patch: Type = { is: 'object', name: 'JSONPatch', fields: patchFields };

/** `JSONPatch{op: 'add', path: '/a', value: 1}`, and the types its values may be made of. */
export function patchType(name: string): Type | undefined {
  return name === 'JSONPatch' ? patch : configurationType(name);
}

/**
 * Refuses objects whose types do not say where they are: in `Object.spec{selector: Object.spec.wrong{}}` the inner one belongs elsewhere.
 * Throws.
 */
export function checkPlaces(value: Value, path = 'Object'): void {
  if (value instanceof ListValue) {
    for (const item of value) checkPlaces(item, path);
  } else if (value instanceof MapValue) {
    const { type } = value;
    if (type?.is === 'object' && type.name !== path && type.name.startsWith('Object')) {
      throw new Error(
        `unexpected type name ${JSON.stringify(type.name)}, expected ${JSON.stringify(path)}, which matches field name path from root Object type`,
      );
    }
    if (type?.is === 'object') for (const key of value.keys()) checkPlaces(value.get(key)!, `${path}.${String(key)}`);
  }
}
