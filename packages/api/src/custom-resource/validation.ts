import type { CustomResourceSubresources } from '../generated/apiextensions/v1.ts';
import type { KubeObject } from '../kind.ts';
import { type FieldError, invalid, Path } from '../meta/field-path.ts';
import { getOwn, getPath } from '../meta/object.ts';
import { duplicateItems, hasLists } from '../structural/lists.ts';
import type { StructuralNode } from '../structural/node.ts';
import { type SchemaValidator, schemaValidator } from '../structural/validate.ts';
import { absent } from '../structural/walk.ts';
import { embeddedErrors } from './metadata.ts';

/** Validates the objects of one version of a custom resource. */
export interface ResourceValidator {
  validate(it: KubeObject): FieldError[];
  /** Ratcheting: what was wrong before and has not changed is let through (KEP-4008). */
  validateUpdate(it: KubeObject, old: KubeObject, subresource: string): FieldError[];
}

type Scale = CustomResourceSubresources['scale'];

/** Compiles a version's schema; metadata is the machinery's to validate. */
export function resourceValidator(
  node: StructuralNode,
  subresources: CustomResourceSubresources | undefined,
): ResourceValidator {
  const whole = schemaValidator(node.props);
  const scale = subresources?.scale;
  const statusProps = node.props.properties?.['status'];
  const status = statusProps ? schemaValidator(statusProps) : undefined;
  return {
    validate: (it) => [
      ...whole.validate(it),
      ...scaleSpecErrors(it, scale),
      ...scaleStatusErrors(it, scale),
      ...embeddedErrors(it, node),
      ...(hasLists(node) ? duplicateItems(it, node) : []),
    ],
    validateUpdate(it, old, subresource) {
      const lists = hasLists(node) && duplicateItems(old, node).length === 0 ? duplicateItems(it, node) : [];
      if (subresource === 'status') {
        return [...statusErrors(it, old, status), ...scaleStatusErrors(it, scale), ...lists];
      }
      return [
        ...whole.validate(it, '', old),
        ...scaleSpecErrors(it, scale),
        ...scaleStatusErrors(it, scale),
        ...embeddedErrors(it, node),
        ...lists,
      ];
    },
  };
}

function statusErrors(it: KubeObject, old: KubeObject, validator: SchemaValidator | undefined): FieldError[] {
  const now = getOwn(it, 'status');
  if (!validator || now === undefined) return [];
  return validator.validate(now, 'status', getOwn(old, 'status') ?? absent);
}

function scaleSpecErrors(it: KubeObject, scale: Scale): FieldError[] {
  return scale ? replicasErrors(it, scale.specReplicasPath) : [];
}

function scaleStatusErrors(it: KubeObject, scale: Scale): FieldError[] {
  return scale ? replicasErrors(it, scale.statusReplicasPath) : [];
}

const maxInt32 = 2 ** 31 - 1;

function replicasErrors(it: KubeObject, jsonPath: string): FieldError[] {
  const replicas = getPath(it, jsonPath.replace(/^\./, ''));
  if (replicas === undefined) return [];
  const at = new Path(jsonPath);
  if (
    (typeof replicas !== 'number' && typeof replicas !== 'bigint') ||
    (typeof replicas === 'number' && !Number.isInteger(replicas))
  ) {
    return [
      invalid(
        at,
        0,
        `${jsonPath} accessor error: ${String(replicas)} is of the type ${typeof replicas}, expected int64`,
      ),
    ];
  }
  if (replicas < 0) return [invalid(at, replicas, 'should be a non-negative integer')];
  return replicas > maxInt32 ? [invalid(at, replicas, `should be less than or equal to ${maxInt32}`)] : [];
}
