import type { LocalSubjectAccessReview } from '../../generated/authorization/v1.ts';
import { defineKind } from '../../kind.ts';

/** Asks whether somebody may do something in one namespace. Answered at once, never stored. */
export const localSubjectAccessReview = defineKind<LocalSubjectAccessReview>('authorization/v1', {
  kind: 'LocalSubjectAccessReview',
  plural: 'localsubjectaccessreviews',
  namespaced: true,
  verbs: ['create'],
  hasGeneration: false,
});
