import { keepAnnotations } from '@coracle/api/autoscaling/v1/autoscaler-conversion';
import type { HorizontalPodAutoscaler } from '@coracle/api/types/autoscaling/v1';
import type { ResourceHooks } from './strategy.ts';

/** In the older form of autoscalers, part of spec and status are annotations: a write of the one leaves those of the other alone. */
export const autoscalerHooks: ResourceHooks<HorizontalPodAutoscaler> = {
  beforeUpdate(autoscaler, old, { kind, subresource }) {
    if (kind.version === 'v1') keepAnnotations(autoscaler, old, subresource);
    return undefined;
  },
};
