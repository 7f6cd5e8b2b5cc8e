import { decodeObject } from '../../codec/strict.ts';
import type { CustomResourceDefinition, JSONSchemaProps } from '../../generated/apiextensions/v1.ts';
import { isObject } from '../../meta/object.ts';
import { objectSchemaOf } from '../../schema.ts';

type Refine = (props: JSONSchemaProps) => void;

/** A schema, or something else than one: their type is not in the tables. */
const variant =
  (field: 'items' | 'additionalProperties' | 'additionalItems'): Refine =>
  (props) => {
    const value = props[field];
    if (value === null) delete props[field];
    if (isObject(value)) props[field] = refined(value);
    else if (Array.isArray(value)) props[field] = value.map((each) => (isObject(each) ? refined(each) : each));
  };
const list =
  (field: 'allOf' | 'oneOf' | 'anyOf'): Refine =>
  (props) => {
    for (const part of props[field] ?? []) refine(part);
  };
const map =
  (field: 'properties' | 'patternProperties' | 'definitions'): Refine =>
  (props) => {
    const parts = props[field];
    for (const name in parts) refine(parts[name]!);
  };

/** How the fields that hold schemas get their typed form. */
const holders = new Map<string, Refine>([
  ...(['items', 'additionalProperties', 'additionalItems'] as const).map((field) => [field, variant(field)] as const),
  ...(['allOf', 'oneOf', 'anyOf'] as const).map((field) => [field, list(field)] as const),
  ...(['properties', 'patternProperties', 'definitions'] as const).map((field) => [field, map(field)] as const),
  ['not', ({ not }) => not && refine(not)],
]);

/** Gives the schemas of a definition their typed form, in place, those below `items` and its like too. Throws a DecodeError. */
export function typedSchemas(crd: CustomResourceDefinition): void {
  for (const { schema } of crd.spec?.versions ?? []) if (schema?.openAPIV3Schema) refine(schema.openAPIV3Schema);
}

/** Looks at the fields that a schema has: there may be a million of them that have none. */
function refine(props: JSONSchemaProps): void {
  for (const field in props) holders.get(field)?.(props);
}

function refined(value: unknown): JSONSchemaProps {
  const { object } = decodeObject<JSONSchemaProps>(value, objectSchemaOf('apiextensions/v1.JSONSchemaProps'));
  refine(object);
  return object;
}
