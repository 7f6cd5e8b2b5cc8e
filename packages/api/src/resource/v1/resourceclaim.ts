import { age, text } from '../../columns.ts';
import type { ResourceClaim } from '../../generated/resource/v1.ts';
import { defineKind } from '../../kind.ts';
import { invalid } from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { deepEqual } from '../../meta/object.ts';
import { defaultClaimSpec, defaultTolerations, validateClaimSpec } from './claim-spec.ts';
import { validateClaimStatus } from './claim-status.ts';

/** Devices that somebody wants, and which they got (https://kep.k8s.io/4381). What is asked for cannot be changed. */
export const resourceClaim = defineKind<ResourceClaim>('resource/v1', {
  kind: 'ResourceClaim',
  plural: 'resourceclaims',
  namespaced: true,
  hasGeneration: false,
  subresources: { status: true },
  statusKeeps: 'all',
  defaults(it) {
    it.spec ??= {};
    defaultClaimSpec(it.spec);
    for (const each of it.status?.allocation?.devices?.results ?? []) defaultTolerations(each.tolerations);
  },
  validateCreate: ({ spec }, at) => validateClaimSpec(spec, at.child('spec')),
  // What cannot be changed is not looked at again.
  validateUpdate: ({ spec }, old, at) =>
    deepEqual(spec, old.spec)
      ? []
      : [invalid(at.child('spec'), goForm('resource/v1.ResourceClaimSpec', spec), 'field is immutable')],
  validateStatusUpdate: (it, old, at) => validateClaimStatus(it, old, at.child('status')),
  columns: [text('State', stateOf, 'What became of it: pending, allocated, reserved, deleted.'), age],
});

function stateOf({ metadata, status }: ResourceClaim): string {
  const isDeleted = metadata.deletionTimestamp !== undefined;
  const states = isDeleted ? ['deleted'] : [];
  if (status?.allocation) {
    states.push('allocated');
    if (status.reservedFor?.length) states.push('reserved');
  } else if (!isDeleted) states.push('pending');
  return states.join(',');
}
