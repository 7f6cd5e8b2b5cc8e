import { decodeObject } from '../../codec/strict.ts';
import type { CustomResourceDefinition, JSONSchemaProps } from '../../generated/apiextensions/v1.ts';
import { isObject } from '../../meta/object.ts';
import { objectSchemaOf } from '../../schema.ts';

/** Fields that hold a schema, or something else than one: their type is not in the tables. */
const variants = ['items', 'additionalProperties', 'additionalItems'] as const;
const lists = ['allOf', 'oneOf', 'anyOf'] as const;
const maps = ['properties', 'patternProperties', 'definitions'] as const;

/** Gives the schemas of a definition their typed form, in place, those below `items` and its like too. Throws a DecodeError. */
export function typedSchemas(crd: CustomResourceDefinition): void {
  for (const { schema } of crd.spec?.versions ?? []) if (schema?.openAPIV3Schema) refine(schema.openAPIV3Schema);
}

function refine(props: JSONSchemaProps): void {
  for (const field of variants) {
    const value = props[field];
    if (value === null) delete props[field];
    if (isObject(value)) props[field] = refined(value);
    else if (Array.isArray(value)) props[field] = value.map((each) => (isObject(each) ? refined(each) : each));
  }
  for (const field of lists) for (const part of props[field] ?? []) refine(part);
  for (const field of maps) {
    const parts = props[field];
    for (const name in parts) refine(parts[name]!);
  }
  if (props.not) refine(props.not);
}

function refined(value: unknown): JSONSchemaProps {
  const { object } = decodeObject<JSONSchemaProps>(value, objectSchemaOf('apiextensions/v1.JSONSchemaProps'));
  refine(object);
  return object;
}
