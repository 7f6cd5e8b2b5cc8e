import { decodeObject } from '../../codec/strict.ts';
import type { CustomResourceDefinition, JSONSchemaProps } from '../../generated/apiextensions/v1.ts';
import { isObject } from '../../meta/object.ts';
import { objectSchemaOf } from '../../schema.ts';
import { partsIn } from '../../structural/node.ts';

/** Fields that hold a schema, or something else than one: their type is not in the tables. */
const variants = ['items', 'additionalProperties', 'additionalItems'] as const;
const isVariant = (field: string): field is (typeof variants)[number] => variants.some((each) => each === field);

/** Gives the schemas of a definition their typed form, in place, those below `items` and its like too. Throws a DecodeError. */
export function typedSchemas(crd: CustomResourceDefinition): void {
  for (const { schema } of crd.spec?.versions ?? []) if (schema?.openAPIV3Schema) refine(schema.openAPIV3Schema);
}

/** Looks at the fields that a schema has: there may be a million of them that have none. */
function refine(props: JSONSchemaProps): void {
  for (const field in props) {
    if (isVariant(field)) refineVariant(props, field);
    else for (const part of partsIn(props, field)) refine(part);
  }
}

function refineVariant(props: JSONSchemaProps, field: (typeof variants)[number]): void {
  const value = props[field];
  if (value === null) delete props[field];
  if (isObject(value)) props[field] = refined(value);
  else if (Array.isArray(value)) props[field] = value.map((each) => (isObject(each) ? refined(each) : each));
}

function refined(value: unknown): JSONSchemaProps {
  const { object } = decodeObject<JSONSchemaProps>(value, objectSchemaOf('apiextensions/v1.JSONSchemaProps'));
  refine(object);
  return object;
}
