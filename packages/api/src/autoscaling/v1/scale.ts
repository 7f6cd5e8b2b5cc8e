import type { Scale } from '../../generated/autoscaling/v1.ts';
import { defineKind } from '../../kind.ts';
import { invalid } from '../../meta/field-path.ts';

/** The body of a workload's scale subresource. It has no collection of its own. */
export const scale = defineKind<Scale>('autoscaling/v1', {
  kind: 'Scale',
  plural: 'scales',
  namespaced: true,
  verbs: [],
  hasGeneration: false,
  validate: (it, at) =>
    (it.spec?.replicas ?? 0) < 0
      ? [invalid(at.child('spec.replicas'), it.spec.replicas, 'must be greater than or equal to 0')]
      : [],
});
