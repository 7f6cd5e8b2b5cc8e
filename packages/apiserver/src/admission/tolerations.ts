import { deepEqual } from '@coracle/api/meta/object';
import type { Toleration } from '@coracle/api/types/core/v1';

/** Both lists, without those that another one covers. */
export function mergeTolerations(first: readonly Toleration[], second: readonly Toleration[]): Toleration[] {
  const all = [...first, ...second];
  const merged: Toleration[] = [];
  for (const [i, each] of all.entries()) {
    if (merged.some((other) => covers(other, each))) continue;
    if (all.slice(i + 1).some((other) => !deepEqual(other, each) && covers(other, each))) continue;
    merged.push(each);
  }
  return merged;
}

/** Whether `wide` tolerates all that `narrow` does. */
export function covers(wide: Toleration, narrow: Toleration): boolean {
  if (deepEqual(wide, narrow)) return true;
  if (wide.key && wide.key !== narrow.key) return false;
  if (!wide.key && wide.operator !== 'Exists') return false;
  if (wide.effect && wide.effect !== narrow.effect) return false;
  if (wide.effect === 'NoExecute' && wide.tolerationSeconds !== undefined) {
    if (narrow.tolerationSeconds === undefined || narrow.tolerationSeconds > wide.tolerationSeconds) return false;
  }
  if (wide.operator === 'Exists') return true;
  const equal = (it: Toleration) => (it.operator || 'Equal') === 'Equal';
  return equal(wide) && equal(narrow) && (wide.value ?? '') === (narrow.value ?? '');
}
