import type { CustomResourceValidation, JSONSchemaProps } from '../../generated/apiextensions/v1.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, forbidden, invalid, type Path } from '../../meta/field-path.ts';
import { isObject } from '../../meta/object.ts';
import { partsOf, structuralNode } from '../../structural/node.ts';
import { validateDefaults } from './default-validation.ts';
import { internalSchema } from './internal-form.ts';
import { openApiErrors } from './openapi-validation.ts';
import { structuralErrors } from './structural-validation.ts';

/** What may stand beside `properties` at the root where status is a subresource; by the names upstream prints. */
const allowedAtRoot = [
  'Description',
  'Type',
  'Format',
  'Title',
  'Maximum',
  'ExclusiveMaximum',
  'Minimum',
  'ExclusiveMinimum',
  'MaxLength',
  'MinLength',
  'Pattern',
  'MaxItems',
  'MinItems',
  'UniqueItems',
  'MultipleOf',
  'Required',
  'Items',
  'Properties',
  'ExternalDocs',
  'Example',
  'XPreserveUnknownFields',
  'XValidations',
];
const goNames: Readonly<Record<string, string>> = {
  'x-kubernetes-preserve-unknown-fields': 'XPreserveUnknownFields',
  'x-kubernetes-validations': 'XValidations',
};
const goName = (field: string) => goNames[field] ?? field.charAt(0).toUpperCase() + field.slice(1);

/** All errors of a version's schema, in upstream's words. `hasStatus`: status is a subresource. */
export function validateSchema(
  validation: CustomResourceValidation | undefined,
  hasStatus: boolean,
  at: Path,
): FieldError[] {
  const schema = validation?.openAPIV3Schema;
  if (!schema) return [];
  const root = at.child('openAPIV3Schema');
  const errors: FieldError[] = [];
  if (hasStatus) append(errors, rootErrors(schema, root));
  if (schema.nullable) errors.push(forbidden(root.child('nullable'), 'nullable cannot be true at the root'));
  // What is not supported at all is named where it stands, and keeps the rest from being looked at.
  const odd = unsupportedPart(schema);
  const structural = odd === undefined ? structuralErrors(schema, root) : [];
  if (structural.length > 0) append(errors, structural);
  else if (odd === undefined) append(errors, validateDefaults(structuralNode(schema), root));
  append(errors, openApiErrors(schema, root));
  if (errors.length === 0 && odd !== undefined) {
    errors.push(invalid(root, '', `OpenAPIV3Schema '${odd}' is not supported`));
  }
  return errors;
}

/** Fields that no part of a structural schema may have, under the names messages have for them. */
const unsupportedFields: readonly (readonly [keyof JSONSchemaProps, string])[] = [
  ['id', 'id'],
  ['$schema', 'schema'],
  ['$ref', '$ref'],
  ['patternProperties', 'patternProperties'],
  ['dependencies', 'dependencies'],
  ['additionalItems', 'additionalItems'],
  ['definitions', 'definitions'],
];

function unsupportedPart(schema: JSONSchemaProps): string | undefined {
  for (const part of partsOf(schema)) {
    for (const [field, name] of unsupportedFields) if (!isZero(part[field])) return name;
    if (Array.isArray(part.items) && part.items.length > 0) return 'items';
  }
  return undefined;
}

function rootErrors(schema: JSONSchemaProps, at: Path): FieldError[] {
  for (const [field, value] of Object.entries(schema)) {
    if (isZero(value)) continue;
    if (field === 'type') {
      if (value === 'object') continue;
      const problem =
        'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
      return [invalid(at.child('type'), value, problem)];
    }
    if (allowedAtRoot.includes(goName(field))) continue;
    const problem = `only [${allowedAtRoot.join(' ')}] fields are allowed at the root of the schema if the status subresource is enabled`;
    return [invalid(at, internalSchema(schema), problem)];
  }
  return [];
}

function isZero(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === undefined || value === '' || value === false || (isObject(value) && Object.keys(value).length === 0);
}
