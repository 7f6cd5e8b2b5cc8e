import type { FlowSchemaCondition } from '../../generated/flowcontrol/v1.ts';
import { duplicate, type FieldError, type Path, required } from '../../meta/field-path.ts';

/** Errors of the conditions of a FlowSchema or PriorityLevelConfiguration: each has a type, and no two the same. */
export function validateFlowConditions(conditions: readonly FlowSchemaCondition[] | undefined, at: Path): FieldError[] {
  const seen = new Set<string>();
  return (conditions ?? []).flatMap(({ type = '' }, i) => {
    const path = at.index(i).child('type');
    const errors = seen.has(type) ? [duplicate(path, type)] : [];
    seen.add(type);
    return type === '' ? [...errors, required(path, 'must not be empty')] : errors;
  });
}
