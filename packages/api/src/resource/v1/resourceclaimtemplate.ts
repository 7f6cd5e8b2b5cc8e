import { age } from '../../columns.ts';
import type { ResourceClaimTemplate } from '../../generated/resource/v1.ts';
import { defineKind } from '../../kind.ts';
import { validateAnnotations } from '../../meta/validate-metadata.ts';
import { validateLabels } from '../../meta/validate-selector.ts';
import { defaultClaimSpec, validateClaimSpec } from './claim-spec.ts';

/** What claims are made from, one for each pod that names it. It cannot be changed. */
export const resourceClaimTemplate = defineKind<ResourceClaimTemplate>('resource/v1', {
  kind: 'ResourceClaimTemplate',
  plural: 'resourceclaimtemplates',
  namespaced: true,
  hasGeneration: false,
  defaults(it) {
    it.spec ??= { spec: {} };
    it.spec.spec ??= {};
    defaultClaimSpec(it.spec.spec);
  },
  validate: ({ spec }, at) => [
    ...validateLabels(spec.metadata?.labels, at.child('spec').child('metadata').child('labels')),
    ...validateAnnotations(spec.metadata?.annotations, at.child('spec').child('metadata').child('annotations')),
    ...validateClaimSpec(spec.spec, at.child('spec').child('spec')),
  ],
  immutable: ['spec'],
  columns: [age],
});
