import { now } from './time.ts';

/** What the conditions of all kinds have in common. */
export interface AnyCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

/** The condition of that type. */
export function findCondition<T extends AnyCondition>(list: readonly T[] | undefined, type: string): T | undefined {
  return list?.find((condition) => condition.type === type);
}

/** Whether the condition of that type is there with status `True`. */
export function isConditionTrue(list: readonly AnyCondition[] | undefined, type: string): boolean {
  return findCondition(list, type)?.status === 'True';
}

/**
 * Adds the condition or replaces the one of its type, in place. lastTransitionTime is kept unless the status changed, and is set to
 * the time now where the given condition has none. Returns whether anything but an unset lastTransitionTime changed.
 */
export function setCondition<T extends AnyCondition>(list: T[], condition: T): boolean {
  const at = list.findIndex((each) => each.type === condition.type);
  if (at < 0) {
    list.push({ ...condition, lastTransitionTime: condition.lastTransitionTime ?? now() });
    return true;
  }
  const old = list[at]!;
  const moved = old.status !== condition.status;
  const next: T = {
    ...condition,
    lastTransitionTime: moved
      ? (condition.lastTransitionTime ?? now())
      : (old.lastTransitionTime ?? condition.lastTransitionTime ?? now()),
  };
  const changed = moved || !sameFields(old, next);
  if (changed) list[at] = next;
  return changed;
}

/** Removes the condition of that type, in place; returns whether there was one. */
export function removeCondition(list: AnyCondition[], type: string): boolean {
  const at = list.findIndex((each) => each.type === type);
  if (at >= 0) list.splice(at, 1);
  return at >= 0;
}

/** Conditions are flat: a comparison of their scalars is exact. */
function sameFields(a: object, b: object): boolean {
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) if (left[key] !== right[key]) return false;
  return true;
}
