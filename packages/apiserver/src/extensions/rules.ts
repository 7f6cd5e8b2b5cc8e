import { schemasOf } from '@coracle/api/apiextensions/v1/version-validation';
import type { CustomSurroundings } from '@coracle/api/custom-resource/custom-kinds';
import { append } from '@coracle/api/meta/append';
import { type FieldError, findErrors, Path } from '@coracle/api/meta/field-path';
import { deepEqual, isObject } from '@coracle/api/meta/object';
import { partsOf } from '@coracle/api/structural/node';
import type { CustomResourceDefinition, JSONSchemaProps } from '@coracle/api/types/apiextensions/v1';
import type { StructuralSchema } from '@coracle/cel/schema/structural';

function hasRules(schema: JSONSchemaProps): boolean {
  for (const part of partsOf(schema)) if (part['x-kubernetes-validations']?.length) return true;
  return false;
}

/** What is wrong with the CEL rules of a definition; those of schemas that are as they were are let through. */
export async function ruleErrors(crd: CustomResourceDefinition, old?: CustomResourceDefinition): Promise<FieldError[]> {
  const before = (version: string) => old?.spec.versions.find(({ name }) => name === version)?.schema?.openAPIV3Schema;
  const isChanged = ({ schema, version }: { schema: JSONSchemaProps; version: string }) =>
    hasRules(schema) && !deepEqual(schema, before(version));
  if (!schemasOf(crd.spec, new Path('spec')).some(isChanged)) return [];
  const { checkSchemaRules, compileSchemaRules } = await import('@coracle/cel');
  /** What the rules of a schema say against its own defaults. */
  const defaultErrors = (schema: JSONSchemaProps, at: Path, isRoot = true): FieldError[] => {
    const errors: FieldError[] = [];
    if (schema.default !== undefined && hasRules(schema)) {
      const rules = compileSchemaRules(schema as StructuralSchema, isRoot);
      append(errors, rules?.validate(schema.default, undefined, at.child('default')).errors ?? []);
    }
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const isEmbedded = property['x-kubernetes-embedded-resource'] ?? false;
      append(errors, defaultErrors(property, at.child('properties').key(name), isEmbedded));
    }
    if (isObject(schema.items)) {
      append(errors, defaultErrors(schema.items as JSONSchemaProps, at.child('items'), false));
    }
    return errors;
  };
  return findErrors((root) =>
    schemasOf(crd.spec, root.child('spec'))
      .filter(isChanged)
      .flatMap(({ schema, at }) => {
        const errors = checkSchemaRules(schema as StructuralSchema, at);
        return errors.length > 0 ? errors : defaultErrors(schema, at);
      }),
  );
}

/** Compiles the CEL rules of a definition's schemas. The engine is loaded where there are any. */
export async function rulesOf({ spec }: CustomResourceDefinition): Promise<CustomSurroundings['rules']> {
  const schemas = spec.versions.flatMap(({ schema }) => schema?.openAPIV3Schema ?? []);
  if (!schemas.some(hasRules)) return () => undefined;
  const { compileSchemaRules } = await import('@coracle/cel');
  return (schema) => compileSchemaRules(schema as StructuralSchema);
}
