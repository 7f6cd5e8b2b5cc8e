import { goText, goTypeOf } from '../codec/go-text.ts';
import type { CustomResourceSubresources } from '../generated/apiextensions/v1.ts';
import type { DynamicType, KubeObject } from '../kind.ts';
import { type FieldError, findErrors, invalid, Path } from '../meta/field-path.ts';
import { getOwn, isObject } from '../meta/object.ts';
import { duplicateItems, hasLists } from '../structural/lists.ts';
import type { StructuralNode } from '../structural/node.ts';
import { renewPatternTime } from '../structural/patterns.ts';
import { type SchemaValidator, schemaValidator } from '../structural/validate.ts';
import { embeddedErrors } from './metadata.ts';

/** Validates the objects of one version of a custom resource; errors of their metadata, which others find, keep rules from being asked as others do. */
export interface ResourceValidator {
  validate(it: KubeObject, metadata?: readonly FieldError[]): FieldError[];
  /** Ratcheting: what was wrong before and has not changed is let through (KEP-4008); of rules that would have refused it `warn` is told. */
  validateUpdate: DynamicType['validateUpdate'];
}

type Scale = CustomResourceSubresources['scale'];

/** CEL rules of a schema, compiled. */
export interface CompiledRules {
  validate(object: unknown, old?: unknown): { errors: FieldError[]; ratcheted: FieldError[] };
}

/** Where the object itself is, as upstream shows it. */
const nowhere = '<nil>';

/** Errors that leave too little for rules to look at. */
const blocking = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

/** The errors found so far and those of the rules, which are not asked about an object that has not the form they were written for. */
function withRules(
  errors: FieldError[],
  metadata: readonly FieldError[],
  rules: CompiledRules | undefined,
  it: KubeObject,
  old?: KubeObject,
  warn?: (text: string) => void,
): FieldError[] {
  if (!rules) return errors;
  if (![...metadata, ...errors].some(({ type }) => blocking.has(type))) {
    const outcome = rules.validate(it, old);
    for (const { field, message } of outcome.ratcheted) warn?.(`${field || nowhere}: ${message}`);
    // A rule of the whole is reported without a field.
    return [...errors, ...outcome.errors.map((each) => (each.field === '' ? { ...each, field: nowhere } : each))];
  }
  const message =
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
  return [...errors, { type: 'FieldValueInvalid', field: nowhere, message }];
}

/** Compiles a version's schema; metadata is the machinery's to validate. `rules` are those of the schema, if it has any. */
export function resourceValidator(
  node: StructuralNode,
  subresources: CustomResourceSubresources | undefined,
  rules: CompiledRules | undefined,
): ResourceValidator {
  const whole = schemaValidator(node.props);
  const scale = subresources?.scale;
  const statusProps = node.props.properties?.['status'];
  const status = statusProps ? schemaValidator(statusProps) : undefined;
  return {
    validate(it, metadata = []) {
      renewPatternTime();
      const errors = [
        ...whole.validate(it),
        ...scaleSpecErrors(it, scale),
        ...scaleStatusErrors(it, scale),
        ...embeddedErrors(it, node),
        ...(hasLists(node) ? findErrors((at) => duplicateItems(it, node, at)) : []),
      ];
      return withRules(errors, metadata, rules, it);
    },
    validateUpdate(it, old, subresource, metadata, warn) {
      renewPatternTime();
      const lists =
        hasLists(node) && findErrors((at) => duplicateItems(old, node, at)).length === 0
          ? findErrors((at) => duplicateItems(it, node, at))
          : [];
      const errors =
        subresource === 'status'
          ? [...statusErrors(it, old, status), ...scaleStatusErrors(it, scale), ...lists]
          : [
              ...whole.validate(it, '', old),
              ...scaleSpecErrors(it, scale),
              ...scaleStatusErrors(it, scale),
              ...embeddedErrors(it, node),
              ...lists,
            ];
      return withRules(errors, metadata, rules, it, old, warn);
    },
  };
}

function statusErrors(it: KubeObject, old: KubeObject, validator: SchemaValidator | undefined): FieldError[] {
  const now = getOwn(it, 'status');
  if (!validator || now === undefined) return [];
  return validator.validate(now, 'status', getOwn(old, 'status') ?? null);
}

function scaleSpecErrors(it: KubeObject, scale: Scale): FieldError[] {
  return scale ? replicasErrors(it, scale.specReplicasPath) : [];
}

function scaleStatusErrors(it: KubeObject, scale: Scale): FieldError[] {
  return scale ? replicasErrors(it, scale.statusReplicasPath) : [];
}

const maxInt32 = 2 ** 31 - 1;

function replicasErrors(it: KubeObject, jsonPath: string): FieldError[] {
  const at = new Path(jsonPath);
  const isNot = (value: unknown, wanted: string) => [
    invalid(
      at,
      0,
      `${jsonPath} accessor error: ${goText(value)} is of the type ${goTypeOf(value)}, expected ${wanted}`,
    ),
  ];
  let replicas: unknown = it;
  for (const step of jsonPath.replace(/^\./, '').split('.')) {
    if (!isObject(replicas)) return isNot(replicas, 'map[string]interface{}');
    replicas = getOwn(replicas, step);
    if (replicas === undefined) return [];
  }
  if (
    (typeof replicas !== 'number' && typeof replicas !== 'bigint') ||
    (typeof replicas === 'number' && !Number.isInteger(replicas))
  ) {
    return isNot(replicas, 'int64');
  }
  if (replicas < 0) return [invalid(at, replicas, 'should be a non-negative integer')];
  return replicas > maxInt32 ? [invalid(at, replicas, `should be less than or equal to ${maxInt32}`)] : [];
}
