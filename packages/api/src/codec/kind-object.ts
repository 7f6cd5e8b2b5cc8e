import type { DynamicType } from '../kind.ts';
import { objectSchemaOf } from '../schema.ts';
import { decodeObject } from './strict.ts';

/** What decides about the form of a kind's objects. */
export interface ObjectForm {
  /** Generated type, `core/v1.Pod`. */
  readonly type: string;
  /** What stands in for the generated type of a custom resource. */
  readonly dynamic?: DynamicType;
  /** See `KindDeclaration.refine`. */
  refine?(it: object): void;
}

/**
 * Gives a value the form of a kind's objects, as `decodeObject` does by generated types, and names unknown fields. A custom resource is changed in
 * place. Throws a DecodeError where the value does not fit.
 */
export function decodeKindObject<T>(
  value: unknown,
  { type, dynamic, refine }: ObjectForm,
): { object: T; unknown: string[] } {
  if (dynamic) return dynamic.decode(value) as { object: T; unknown: string[] };
  const decoded = decodeObject<T>(value, objectSchemaOf(type));
  refine?.(decoded.object as object);
  return decoded;
}
