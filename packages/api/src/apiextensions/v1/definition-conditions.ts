import type { CustomResourceDefinition, CustomResourceDefinitionCondition } from '../../generated/apiextensions/v1.ts';
import { now } from '../../meta/time.ts';

type ConditionType = CustomResourceDefinitionCondition['type'];

/** A condition of a definition. */
export function conditionOf(
  it: CustomResourceDefinition,
  type: ConditionType,
): CustomResourceDefinitionCondition | undefined {
  return it.status?.conditions?.find((each) => each.type === type);
}

export const isConditionTrue = (it: CustomResourceDefinition, type: ConditionType): boolean =>
  conditionOf(it, type)?.status === 'True';

/** Whether the definition's objects are served. */
export const isEstablished = (it: CustomResourceDefinition): boolean => isConditionTrue(it, 'Established');

/** Sets a condition in place; the time of the last transition moves only where the status does. */
export function setCondition(it: CustomResourceDefinition, condition: CustomResourceDefinitionCondition): void {
  it.status ??= {};
  const conditions = [...(it.status.conditions ?? [])];
  const at = conditions.findIndex((each) => each.type === condition.type);
  const before = conditions[at];
  const since = before?.status === condition.status ? before.lastTransitionTime : undefined;
  const next = { ...condition, lastTransitionTime: since ?? now() };
  if (at < 0) conditions.push(next);
  else conditions[at] = next;
  it.status.conditions = conditions;
}

/** Whether two conditions say the same, the time of the transition aside. */
export function sameCondition(
  a: CustomResourceDefinitionCondition,
  b: CustomResourceDefinitionCondition | undefined,
): boolean {
  return a.status === b?.status && a.reason === b?.reason && a.message === b?.message;
}
