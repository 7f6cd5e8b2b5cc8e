import type { SelfSubjectReview } from '../../generated/authentication/v1.ts';
import { defineKind } from '../../kind.ts';

/** Asks who the asker is. Answered at once, never stored. */
export const selfSubjectReview = defineKind<SelfSubjectReview>('authentication/v1', {
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  namespaced: false,
  verbs: ['create'],
  hasGeneration: false,
});
