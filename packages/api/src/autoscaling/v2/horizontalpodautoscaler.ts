import type { HorizontalPodAutoscaler, HPAScalingRules } from '../../generated/autoscaling/v2.ts';
import { defineKind } from '../../kind.ts';
import { autoscalerColumns } from './autoscaler-columns.ts';
import { validateAutoscaler, validateAutoscalerStatus } from './autoscaler-validation.ts';

/** Changes the scale of something as metrics say. */
export const horizontalPodAutoscaler = defineKind<HorizontalPodAutoscaler>('autoscaling/v2', {
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  shortNames: ['hpa'],
  categories: ['all'],
  namespaced: true,
  hasGeneration: false,
  subresources: { status: true },
  defaults(it) {
    const { spec } = it;
    if (!spec) return;
    spec.minReplicas ??= 1;
    if (!spec.metrics?.length) {
      const target = { type: 'Utilization', averageUtilization: 80 };
      spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }];
    }
    if (!spec.behavior) return;
    spec.behavior.scaleUp = { ...upRules(), ...spec.behavior.scaleUp };
    spec.behavior.scaleDown = { ...downRules(), ...spec.behavior.scaleDown };
  },
  prepareForCreate(it) {
    it.status = { desiredReplicas: 0 };
  },
  validateCreate: (it, at) => validateAutoscaler(it, undefined, at),
  validateUpdate: validateAutoscaler,
  validateStatusUpdate: (it, _old, at) => validateAutoscalerStatus(it, at),
  columns: autoscalerColumns,
});

/** Up at once, by what is more: 4 pods or as many as there are, in 15 seconds. */
const upRules = (): HPAScalingRules => ({
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
});

/** Down without limit; how long to look back is the controller's to say. */
const downRules = (): HPAScalingRules => ({
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
});
