import { type DeclaredType, declaredObject } from '@coracle/cel/schema/declared-type';
import { declareBuiltIn } from '@coracle/cel/schema/field-table';

/**
 * The type of what expressions are told of a request, from the generated type it is made of. Its fields go by their own names, also
 * where those are words of the language (`request.namespace`): only fields of objects are escaped. `hidden` fields are left out.
 */
export function requestType(type: string, name = type, hidden: readonly string[] = []): DeclaredType {
  return plainlyNamed(declareBuiltIn(type), name, hidden);
}

function plainlyNamed(declared: DeclaredType, name: string, hidden: readonly string[] = []): DeclaredType {
  if (declared.type.is !== 'object') return declared;
  return declaredObject(name, () => {
    const fields = [...(declared.fields?.values() ?? [])].filter((field) => !hidden.includes(field.name));
    return new Map(
      fields.map((field) => {
        const { type } = field.declared;
        const inner = type.is === 'object' ? plainlyNamed(field.declared, type.name) : field.declared;
        return [field.name, { name: field.name, declared: inner }];
      }),
    );
  });
}
