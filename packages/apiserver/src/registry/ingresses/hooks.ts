import { ingressClassAnnotation } from '@coracle/api/networking/v1/ingress-validation';
import type { Ingress } from '@coracle/api/types/networking/v1';
import type { ResourceHooks } from '../strategy.ts';

/** Warns of the older way to name an Ingress's class. */
export const ingressHooks: ResourceHooks<Ingress> = {
  beforeCreate({ metadata, spec }, { warn }) {
    if (metadata.annotations?.[ingressClassAnnotation] !== undefined && spec.ingressClassName === undefined)
      warn(`annotation "${ingressClassAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`);
    return undefined;
  },
};
