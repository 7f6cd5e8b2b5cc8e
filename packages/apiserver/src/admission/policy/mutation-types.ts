import { type Type, types } from '@coracle/cel/check/type';

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
