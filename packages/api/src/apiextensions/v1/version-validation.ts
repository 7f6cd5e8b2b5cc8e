import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  JSONSchemaProps,
} from '../../generated/apiextensions/v1.ts';
import { append } from '../../meta/append.ts';
import { duplicate, type FieldError, invalid, JsonText, type Path, required, tooMany } from '../../meta/field-path.ts';
import { isDns1035Label } from '../../meta/names.ts';
import { deepEqual } from '../../meta/object.ts';
import { readFieldPath } from '../../structural/field-path-text.ts';
import { internalVersions } from './internal-form.ts';
import { validateSchema } from './schema-validation.ts';

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];
const mostSelectableFields = 8;

/**
 * Errors of a definition's versions. Like upstream's internal form, what all versions have in common is named once, at the top
 * (`spec.validation`), and not in each version.
 */
export function validateVersions(spec: CustomResourceDefinitionSpec, at: Path): FieldError[] {
  const versions = spec.versions ?? [];
  const errors: FieldError[] = [];
  const list = at.child('versions');
  for (const [i, { schema }] of versions.entries()) {
    if (!schema?.openAPIV3Schema) errors.push(required(list.index(i).child('schema.openAPIV3Schema')));
  }
  const shared = sharedParts(versions);
  const shown = spec.versions ? internalVersions(versions, shared) : null;
  for (const [i, version] of versions.entries()) {
    const path = list.index(i);
    const problems = isDns1035Label(version.name ?? '');
    if (problems.length > 0) errors.push(invalid(path.child('name'), version.name ?? '', problems.join(',')));
    append(errors, validateVersion(version, path, shared));
  }
  if (new Set(versions.map(({ name }) => name)).size < versions.length) {
    errors.push(invalid(list, shown, 'must contain unique version names'));
  }
  if (versions.filter(({ storage }) => storage).length !== 1) {
    errors.push(invalid(list, shown, 'must have exactly one version marked as storage version'));
  }
  // The internal form has the first version's name once more.
  const [first] = versions;
  const wrong = first ? isDns1035Label(first.name ?? '') : [];
  if (first?.name && wrong.length > 0) errors.push(invalid(at.child('version'), first.name, wrong.join(',')));
  return errors;
}

/** Errors of what all versions have in common. */
export function validateSharedParts({ versions = [] }: CustomResourceDefinitionSpec, at: Path): FieldError[] {
  return validateShared(versions, sharedParts(versions), at);
}

/** The schemas of a definition with their paths: one, at the top, where all versions have the same. */
export function schemasOf(
  { versions = [] }: CustomResourceDefinitionSpec,
  at: Path,
): { version: string; schema: JSONSchemaProps; at: Path }[] {
  const found = versions.flatMap(({ name, schema }, i) =>
    schema?.openAPIV3Schema
      ? [
          {
            version: name,
            schema: schema.openAPIV3Schema,
            at: at.child('versions').index(i).child('schema.openAPIV3Schema'),
          },
        ]
      : [],
  );
  const [first] = found;
  if (!first || !sharedParts(versions).schema) return found;
  return [{ ...first, at: at.child('validation.openAPIV3Schema') }];
}

interface Shared {
  readonly schema: boolean;
  readonly subresources: boolean;
  readonly columns: boolean;
  readonly selectableFields: boolean;
}

function sharedParts(versions: readonly CustomResourceDefinitionVersion[]): Shared {
  const [first] = versions;
  const same = (part: (version: CustomResourceDefinitionVersion) => unknown) =>
    first !== undefined && versions.every((version) => deepEqual(part(version), part(first)));
  return {
    schema: same(({ schema }) => schema),
    subresources: same(({ subresources }) => subresources),
    columns: same(({ additionalPrinterColumns }) => additionalPrinterColumns),
    selectableFields: same(({ selectableFields }) => selectableFields),
  };
}

function validateShared(versions: readonly CustomResourceDefinitionVersion[], shared: Shared, at: Path): FieldError[] {
  const [first] = versions;
  if (!first) return [];
  const errors: FieldError[] = [];
  if (shared.schema) {
    const status = versions.some(({ subresources }) => subresources?.status !== undefined);
    append(errors, validateSchema(first.schema, status, at.child('validation')));
  }
  if (shared.subresources) append(errors, validateSubresources(first.subresources, at.child('subresources')));
  if (shared.columns) append(errors, validateColumns(first, at));
  if (shared.selectableFields) {
    const misplaced = shared.schema && first.schema?.openAPIV3Schema ? undefined : notShared;
    append(errors, validateSelectableFields(first, misplaced, at.child('selectableFields')));
  }
  return errors;
}

function validateVersion(version: CustomResourceDefinitionVersion, at: Path, shared: Shared): FieldError[] {
  const errors = deprecationProblems(version).map((problem) =>
    invalid(at.child('deprecationWarning'), new JsonText(version.deprecationWarning!), problem),
  );
  if (!shared.schema) {
    append(errors, validateSchema(version.schema, version.subresources?.status !== undefined, at.child('schema')));
  }
  if (!shared.subresources) append(errors, validateSubresources(version.subresources, at.child('subresources')));
  if (!shared.columns) append(errors, validateColumns(version, at));
  if (!shared.selectableFields) {
    append(
      errors,
      validateSelectableFields(version, shared.schema ? notInVersion : undefined, at.child('selectableFields')),
    );
  }
  return errors;
}

function deprecationProblems({ deprecated, deprecationWarning: text }: CustomResourceDefinitionVersion): string[] {
  if (text === undefined) return [];
  if (!deprecated) return ['can only be set for deprecated versions'];
  const problems: string[] = [];
  if (Buffer.byteLength(text) > 256) problems.push('must be <= 256 characters long');
  if (text === '') problems.push('must not be an empty string');
  const odd = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.exec(text);
  if (odd) {
    const at = Buffer.byteLength(text.slice(0, odd.index));
    problems.push(`must only contain printable UTF-8 characters; non-printable character found at index ${at}`);
  }
  return problems;
}

function validateSubresources(subresources: CustomResourceSubresources | undefined, at: Path): FieldError[] {
  const { scale } = subresources ?? {};
  if (!scale) return [];
  return [
    ...scalePath(scale.specReplicasPath, ['spec'], at.child('scale.specReplicasPath')),
    ...scalePath(scale.statusReplicasPath, ['status'], at.child('scale.statusReplicasPath')),
    ...(scale.labelSelectorPath
      ? scalePath(scale.labelSelectorPath, ['spec', 'status'], at.child('scale.labelSelectorPath'))
      : []),
  ];
}

function scalePath(text: string | undefined, under: readonly string[], at: Path): FieldError[] {
  if (!text) return [required(at)];
  const errors = simpleJsonPath(text, at);
  if (errors.length > 0 || under.some((each) => text.startsWith(`.${each}.`))) return errors;
  const place = under.length === 1 ? `.${under[0]}` : `either ${under.map((each) => `.${each}`).join(' or ')}`;
  return [invalid(at, text, `should be a json path under ${place}`)];
}

function simpleJsonPath(text: string, at: Path): FieldError[] {
  if (text === '') return [invalid(at, text, 'must not be empty')];
  return text.startsWith('.') ? [] : [invalid(at, text, 'must be a simple json path starting with .')];
}

function validateColumns(
  { additionalPrinterColumns: columns = [] }: CustomResourceDefinitionVersion,
  at: Path,
): FieldError[] {
  return columns.flatMap((column, i) => validateColumn(column, at.child('additionalPrinterColumns').index(i)));
}

function validateColumn({ name, type, format, jsonPath }: CustomResourceColumnDefinition, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const oneOf = (accepted: readonly string[]) => `must be one of ${accepted.join(',')}`;
  if (!name) errors.push(required(at.child('name')));
  if (!type) errors.push(required(at.child('type'), oneOf(columnTypes)));
  else if (!columnTypes.includes(type)) errors.push(invalid(at.child('type'), type, oneOf(columnTypes)));
  if (format && !columnFormats.includes(format)) {
    errors.push(invalid(at.child('format'), format, oneOf(columnFormats)));
  }
  if (!jsonPath) errors.push(required(at.child('JSONPath')));
  else append(errors, simpleJsonPath(jsonPath, at.child('JSONPath')));
  return errors;
}

/**
 * Selectable fields are looked for in the schema beside them. The internal form keeps what all versions have apart from the versions, so
 * that fields all have are not found where schemas differ, and those of one are not where schemas are the same: such definitions are refused.
 */
function validateSelectableFields(
  { schema, selectableFields = [] }: CustomResourceDefinitionVersion,
  misplaced: string | undefined,
  at: Path,
): FieldError[] {
  if (selectableFields.length === 0) return [];
  if (misplaced !== undefined || !schema?.openAPIV3Schema) return [invalid(at, '', misplaced ?? notInVersion)];
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, { jsonPath }] of selectableFields.entries()) {
    const path = at.index(i).child('jsonPath');
    if (!jsonPath) {
      errors.push(required(path));
      continue;
    }
    const found = readFieldPath(jsonPath, schema.openAPIV3Schema, false);
    if ('problem' in found) {
      errors.push(invalid(path, jsonPath, `is an invalid path: ${found.problem}`));
      continue;
    }
    if (/^metadata\b/.test(found.path.toString())) {
      errors.push(invalid(path, jsonPath, 'must not point to fields in metadata'));
    }
    const { type = '', 'x-kubernetes-int-or-string': intOrString } = found.schema;
    if (intOrString || !['string', 'boolean', 'integer'].includes(type)) {
      const problem =
        'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';
      errors.push(invalid(path, jsonPath, problem));
    }
    if (seen.has(jsonPath)) errors.push(duplicate(path, jsonPath));
    seen.add(jsonPath);
  }
  if (seen.size > mostSelectableFields) errors.push(tooMany(at, seen.size, mostSelectableFields));
  return errors;
}

const notShared = 'may only be set when validations.schema is included';
const notInVersion = 'may only be set when `version.schema.openAPIV3Schema` is not included';

/** The names in a path of fields, `.spec.color` or `.spec['my-color']`; undefined where it is none. */
export function fieldSteps(path: string): string[] | undefined {
  const steps: string[] = [];
  const step = /\.([A-Za-z_][\w-]*)|\['((?:[^'\\]|\\.)*)'\]/y;
  while (step.lastIndex < path.length) {
    const found = step.exec(path);
    if (!found) return undefined;
    steps.push(found[1] ?? found[2]!.replace(/\\(.)/g, '$1'));
  }
  return steps.length > 0 ? steps : undefined;
}
