import { type FieldSchema, type ScalarName, type Schema, schemaOf } from '@coracle/api/schema';
import { types } from '../check/type.ts';
import {
  type DeclaredField,
  type DeclaredType,
  declaredList,
  declaredMap,
  declaredObject,
  dynamic,
  maxStringLength,
  plainType,
} from './declared-type.ts';
import { escapeField } from './escape.ts';

const scalars: Readonly<Record<ScalarName, DeclaredType>> = {
  string: plainType(types.string, 2, maxStringLength),
  bool: plainType(types.bool, 4),
  int32: plainType(types.int),
  int64: plainType(types.int),
  double: plainType(types.double),
  bytes: plainType(types.bytes, 2, maxStringLength),
  time: plainType(types.timestamp, 22, 42),
  microTime: plainType(types.timestamp, 22, 42),
  duration: plainType(types.string, 2, maxStringLength),
  // A quantity is a string to expressions, or a number where the client sent one: `quantity()` makes one of it.
  quantity: dynamic,
  intOrString: dynamic,
  any: dynamic,
};
const known = new Map<string, DeclaredType>();

/** The type of a built-in kind's data, from the generated field tables: `core/v1.Pod`. Made once, its fields when they are asked for. */
export function declareBuiltIn(type: string): DeclaredType {
  return declare(schemaOf(type));
}

function declare(schema: Schema, field?: FieldSchema): DeclaredType {
  switch (schema.is) {
    case 'scalar':
      return scalars[schema.scalar];
    case 'list': {
      const { listType, keys } = field?.row ?? {};
      const identity = listType === 'set' ? { is: 'set' as const } : keys && { is: 'map' as const, keys };
      return declaredList(declare(schema.items), undefined, identity);
    }
    case 'map':
      return declaredMap(declare(schema.values));
    case 'object': {
      const found = known.get(schema.name);
      if (found) return found;
      const declared = declaredObject(schema.name, () => {
        const fields = new Map<string, DeclaredField>();
        for (const [name, each] of schema.fields) {
          const escaped = escapeField(name);
          if (escaped !== undefined) fields.set(escaped, { name, declared: declare(each.schema, each) });
        }
        return fields;
      });
      known.set(schema.name, declared);
      return declared;
    }
  }
}
