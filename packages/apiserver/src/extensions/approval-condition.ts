import { apiApprovalOf, isProtectedGroup } from '@coracle/api/apiextensions/v1/api-approval';
import { conditionOf, sameCondition, setCondition } from '@coracle/api/apiextensions/v1/definition-conditions';
import type { CustomResourceDefinition, CustomResourceDefinitionCondition } from '@coracle/api/types/apiextensions/v1';

const words = {
  missing: { status: 'False', reason: 'MissingAnnotation' },
  invalid: { status: 'False', reason: 'InvalidAnnotation' },
  bypassed: { status: 'False', reason: 'UnapprovedAnnotation' },
  approved: { status: 'True', reason: 'ApprovedAnnotation' },
} as const;

/** Says in the status of a definition of a protected group whether it was approved, in place. Returns whether that is new. */
export function noteApproval(crd: CustomResourceDefinition): boolean {
  if (!isProtectedGroup(crd.spec.group)) return false;
  const { state, reason } = apiApprovalOf(crd);
  const condition: CustomResourceDefinitionCondition = {
    type: 'KubernetesAPIApprovalPolicyConformant',
    ...words[state],
    message: reason,
  };
  if (sameCondition(condition, conditionOf(crd, condition.type))) return false;
  setCondition(crd, condition);
  return true;
}
