import { ingressClassAnnotation } from '@coracle/api/networking/v1/ingress-validation';
import { defaultIngressClassAnnotation, ingressClass } from '@coracle/api/networking/v1/ingressclass';
import { defaultClass } from '@coracle/api/storage/default-class';
import type { Ingress } from '@coracle/api/types/networking/v1';
import type { AdmissionPlugin } from './plugin.ts';

/** DefaultIngressClass: an Ingress that names no class gets the default one, where there is one. */
export const defaultIngressClass: AdmissionPlugin = {
  name: 'DefaultIngressClass',
  mutate({ group, resource, subresource, operation, object, objects }) {
    if (group !== 'networking.k8s.io' || resource !== 'ingresses' || subresource !== '' || operation !== 'CREATE')
      return;
    const { metadata, spec } = object as Ingress;
    if (spec.ingressClassName !== undefined || metadata.annotations?.[ingressClassAnnotation] !== undefined) return;
    const found = defaultClass(objects.cachedList(ingressClass), [defaultIngressClassAnnotation]);
    if (found) spec.ingressClassName = found.metadata.name!;
  },
};
