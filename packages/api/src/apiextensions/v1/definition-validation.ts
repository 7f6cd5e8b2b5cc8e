import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  JSONSchemaProps,
} from '../../generated/apiextensions/v1.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, invalid, type Path, required } from '../../meta/field-path.ts';
import { isDns1035Label, isDns1123Subdomain } from '../../meta/names.ts';
import { deepEqual } from '../../meta/object.ts';
import { partsOf } from '../../structural/node.ts';
import { apiApprovalErrors } from './api-approval.ts';
import { hasGoodAuthorities, validateConversion } from './conversion-validation.ts';
import { isEstablished } from './definition-conditions.ts';
import { schemaSizeErrors } from './schema-size.ts';
import { oneOfStrings } from './unsorted-values.ts';
import { validateSharedParts, validateVersions } from './version-validation.ts';

/** All errors of a new definition, in upstream's words; of one whose schemas are too large that alone. Its name tells its resource and group. */
export function validateNewDefinition(it: CustomResourceDefinition, at: Path): FieldError[] {
  const size = schemaSizeErrors(it.spec, at.child('spec'));
  return size.length > 0 ? size : [...validateName(it, at), ...validateDefinition(it, at, false)];
}

function validateDefinition(it: CustomResourceDefinition, at: Path, authorities: boolean): FieldError[] {
  return [
    ...validateSpec(it.spec, at.child('spec'), authorities),
    ...validateStatus(it, at),
    ...validateStored(it, at),
    ...preserveUnknown(it, at),
  ];
}

/** Errors of a change: those of the definition as such, and of what decides about storage, which stays. */
export function validateDefinitionUpdate(
  it: CustomResourceDefinition,
  old: CustomResourceDefinition,
  at: Path,
): FieldError[] {
  const spec = at.child('spec');
  const size = schemaSizeErrors(it.spec, spec);
  if (size.length > 0) return size;
  // What was wrong with a webhook's authorities may stay so, and nobody is served by them before the definition is.
  const errors = validateDefinition(it, at, isEstablished(old) && hasGoodAuthorities(old));
  const same = (path: string, now: unknown, before: unknown) => {
    if (!deepEqual(now, before)) errors.push(invalid(spec.child(path), now ?? '', 'field is immutable'));
  };
  if (isEstablished(old)) {
    same('scope', it.spec.scope, old.spec.scope);
    same('names.kind', it.spec.names.kind, old.spec.names.kind);
  }
  same('group', it.spec.group, old.spec.group);
  same('names.plural', it.spec.names.plural, old.spec.names.plural);
  return [...errors, ...apiApprovalErrors(it, old)];
}

/** Errors of a status. */
export function validateStatus({ status }: CustomResourceDefinition, at: Path): FieldError[] {
  return status?.acceptedNames ? validateNames(status.acceptedNames, at.child('status.acceptedNames')) : [];
}

function validateName({ metadata, spec }: CustomResourceDefinition, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const wanted = `${spec.names.plural}.${spec.group}`;
  for (const field of ['generateName', 'name'] as const) {
    const value = metadata[field];
    if (!value || value === wanted) continue;
    errors.push(invalid(at.child(`metadata.${field}`), value, 'must be spec.names.plural+"."+spec.group'));
  }
  return errors;
}

function validateSpec(spec: CustomResourceDefinitionSpec, at: Path, authorities: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const { group, names } = spec;
  if (!group) {
    errors.push(required(at.child('group')));
  } else {
    const problems = isDns1123Subdomain(group);
    if (problems.length > 0) errors.push(invalid(at.child('group'), group, problems.join(',')));
    else if (!group.includes('.')) {
      errors.push(invalid(at.child('group'), group, 'should be a domain with at least one dot'));
    }
  }
  append(errors, oneOfStrings(spec.scope, ['Cluster', 'Namespaced'], at.child('scope')));
  append(errors, validateVersions(spec, at));
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) {
    if (!names[field]) errors.push(required(at.child(`names.${field}`)));
  }
  return [
    ...errors,
    ...validateNames(names, at.child('names')),
    ...validateSharedParts(spec, at),
    ...validateConversion(spec.conversion, at.child('conversion'), authorities),
  ];
}

function validateNames(names: CustomResourceDefinitionNames, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const label = (path: Path, value: string | undefined, mixedCase = false) => {
    if (!value) return;
    const problems = isDns1035Label(mixedCase ? value.toLowerCase() : value);
    if (problems.length === 0) return;
    const prefix = mixedCase ? 'may have mixed case, but should otherwise match: ' : '';
    errors.push(invalid(path, value, prefix + problems.join(',')));
  };
  const everyLabel = (path: Path, values: readonly string[] | undefined) => {
    for (const [i, value] of (values ?? []).entries()) {
      const problems = isDns1035Label(value);
      if (problems.length > 0) errors.push(invalid(path.index(i), value, problems.join(',')));
    }
  };
  label(at.child('plural'), names.plural);
  label(at.child('singular'), names.singular);
  label(at.child('kind'), names.kind, true);
  label(at.child('listKind'), names.listKind, true);
  everyLabel(at.child('shortNames'), names.shortNames);
  if (names.kind && names.kind === names.listKind) {
    errors.push(invalid(at.child('listKind'), names.listKind, 'kind and listKind may not be the same'));
  }
  everyLabel(at.child('categories'), names.categories);
  return errors;
}

function validateStored({ spec, status }: CustomResourceDefinition, at: Path): FieldError[] {
  const path = at.child('status.storedVersions');
  const stored = status?.storedVersions ?? [];
  if (stored.length === 0) return [invalid(path, null, 'must have at least one stored version')];
  const errors: FieldError[] = [];
  for (const { name = '', storage } of spec.versions ?? []) {
    if (storage && !stored.includes(name)) {
      errors.push(invalid(path, stored, `must have the storage version ${name}`));
    }
  }
  const names = new Set(spec.versions?.map(({ name }) => name ?? ''));
  // One that is there twice is told of once, where it stands last.
  for (const [name, i] of new Map(stored.map((name, i) => [name, i]))) {
    if (names.has(name)) continue;
    const problem = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;
    errors.push(invalid(path.index(i), name, problem));
  }
  return errors;
}

/** The field is a relic: v1 knows it only to say no. */
function preserveUnknown({ spec }: CustomResourceDefinition, at: Path): FieldError[] {
  if (!spec.preserveUnknownFields) return [];
  const errors: FieldError[] = [];
  if ((spec.versions ?? []).some(({ schema }) => schema?.openAPIV3Schema && hasDefaults(schema.openAPIV3Schema))) {
    errors.push(
      invalid(at.child('spec.preserveUnknownFields'), true, 'must be false in order to use defaults in the schema'),
    );
  }
  const problem =
    'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
  return [...errors, invalid(at.child('spec.preserveUnknownFields'), true, problem)];
}

const hasDefaults = (schema: JSONSchemaProps): boolean =>
  [...partsOf(schema)].some((part) => part.default !== undefined);
