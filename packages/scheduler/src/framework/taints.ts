import type { Taint, Toleration } from '@coracle/api/types/core/v1';

/** Whether a toleration covers a taint: same key (or any), same effect (or any), and its operator holds for the value. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  switch (toleration.operator ?? '') {
    case '':
    case 'Equal':
      return (toleration.value ?? '') === (taint.value ?? '');
    case 'Exists':
      return true;
    case 'Lt':
    case 'Gt':
      return comparesTo(toleration, taint);
    default:
      return false;
  }
}

/** Numeric tolerations (KEP-5471): the taint's value is below (Lt) or above (Gt) the toleration's. Non-numbers never match. */
function comparesTo(toleration: Toleration, taint: Taint): boolean {
  const limit = integer(toleration.value);
  const value = integer(taint.value);
  if (limit === undefined || value === undefined) return false;
  return toleration.operator === 'Lt' ? value < limit : value > limit;
}

function integer(text: string | undefined): bigint | undefined {
  return text !== undefined && /^(0|-?[1-9]\d*)$/.test(text) ? BigInt(text) : undefined;
}

/** The first taint of the given effects that none of the tolerations covers. */
export function untoleratedTaint(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly string[],
): Taint | undefined {
  return taints?.find(
    (taint) => effects.includes(taint.effect) && !tolerations?.some((toleration) => tolerates(toleration, taint)),
  );
}

/** Effects that keep a pod from being placed. */
export const schedulingEffects: readonly string[] = ['NoSchedule', 'NoExecute'];
