import type { HorizontalPodAutoscaler } from '../../generated/autoscaling/v1.ts';
import type { HorizontalPodAutoscaler as HorizontalPodAutoscalerV2 } from '../../generated/autoscaling/v2.ts';
import { defineKind } from '../../kind.ts';
import { validateAutoscaler, validateAutoscalerStatus } from '../v2/autoscaler-validation.ts';
import { horizontalPodAutoscaler as stored } from '../v2/horizontalpodautoscaler.ts';
import { keepAnnotations, toV1, toV2 } from './autoscaler-conversion.ts';

/** The same autoscalers as autoscaling/v2's, in the older form, which has fields for one metric only. */
export const horizontalPodAutoscaler = defineKind<HorizontalPodAutoscaler>('autoscaling/v1', {
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  shortNames: stored.shortNames,
  categories: stored.categories,
  namespaced: true,
  hasGeneration: false,
  subresources: { status: true },
  storedAs: { kind: () => stored, encode: toV2, decode: (it) => toV1(it as HorizontalPodAutoscalerV2) },
  defaults(it) {
    if (it.spec) it.spec.minReplicas ??= 1;
  },
  prepareForCreate(it) {
    it.status = { currentReplicas: 0, desiredReplicas: 0 };
    keepAnnotations(it, undefined, '');
  },
  // Messages name the fields of the newer form, as upstream's do.
  validateCreate: (it, at) => validateAutoscaler(toV2(it), undefined, at),
  validateUpdate: (it, old, at) => validateAutoscaler(toV2(it), toV2(old), at),
  validateStatusUpdate: (it, _old, at) => validateAutoscalerStatus(toV2(it), at),
  columns: stored.columns!.map((column) => ({ ...column, value: (it, now) => column.value(toV2(it), now) })),
});
