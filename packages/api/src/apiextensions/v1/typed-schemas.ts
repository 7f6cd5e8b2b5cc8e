import { decodeObject } from '../../codec/strict.ts';
import type { CustomResourceDefinition, JSONSchemaProps } from '../../generated/apiextensions/v1.ts';
import { isObject } from '../../meta/object.ts';
import { objectSchemaOf } from '../../schema.ts';

/** Fields that hold a schema, or something else than one: their type is not in the tables. */
const variants = ['items', 'additionalProperties', 'additionalItems'] as const;

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
  const lists = [props.allOf, props.oneOf, props.anyOf].flatMap((each) => each ?? []);
  const maps = [props.properties, props.patternProperties, props.definitions].flatMap((each) =>
    Object.values(each ?? {}),
  );
  for (const part of [...lists, ...maps, ...(props.not ? [props.not] : [])]) refine(part);
}

function refined(value: unknown): JSONSchemaProps {
  const { object } = decodeObject<JSONSchemaProps>(value, objectSchemaOf('apiextensions/v1.JSONSchemaProps'));
  refine(object);
  return object;
}
