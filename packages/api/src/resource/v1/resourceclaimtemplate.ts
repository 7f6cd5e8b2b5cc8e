import { age } from '../../columns.ts';
import type { ResourceClaimTemplate } from '../../generated/resource/v1.ts';
import { defineKind } from '../../kind.ts';
import { invalid } from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { deepEqual } from '../../meta/object.ts';
import { validateTemplateMetadata } from '../../meta/validate-metadata.ts';
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
  validateCreate: ({ spec }, at) => [
    ...validateTemplateMetadata(spec.metadata, at.child('spec.metadata')),
    ...validateClaimSpec(spec.spec, at.child('spec.spec')),
  ],
  // What cannot be changed is not looked at again.
  validateUpdate: ({ spec }, old, at) =>
    deepEqual(spec, old.spec)
      ? []
      : [invalid(at.child('spec'), goForm('resource/v1.ResourceClaimTemplateSpec', spec), 'field is immutable')],
  columns: [age],
});
