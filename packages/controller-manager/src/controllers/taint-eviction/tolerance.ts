import type { Taint, Toleration } from '@coracle/api/types/core/v1';

/** Whether a toleration covers a taint. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  return (toleration.key ?? '') !== '' && (toleration.value ?? '') === (taint.value ?? '');
}

/**
 * How long a pod may stay on a node with these NoExecute taints, in milliseconds: 0 when one is not tolerated, undefined when all are
 * for ever, else the shortest tolerationSeconds of the tolerations that apply.
 */
export function timeLeft(taints: readonly Taint[], tolerations: readonly Toleration[]): number | undefined {
  let shortest: number | undefined;
  for (const taint of taints) {
    const covering = tolerations.filter((each) => tolerates(each, taint));
    if (covering.length === 0) return 0;
    for (const { tolerationSeconds } of covering) {
      if (tolerationSeconds === undefined || tolerationSeconds === null) continue;
      const ms = Math.max(0, tolerationSeconds) * 1000;
      shortest = shortest === undefined ? ms : Math.min(shortest, ms);
    }
  }
  return shortest;
}
