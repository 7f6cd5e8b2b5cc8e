import type { SubjectAccessReview } from '../../generated/authorization/v1.ts';
import { defineKind } from '../../kind.ts';

/** Asks whether somebody may do something. Answered at once, never stored. */
export const subjectAccessReview = defineKind<SubjectAccessReview>('authorization/v1', {
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  namespaced: false,
  verbs: ['create'],
  hasGeneration: false,
});
