import type { SelfSubjectRulesReview } from '../../generated/authorization/v1.ts';
import { defineKind } from '../../kind.ts';

/** Asks for all the asker may do in a namespace. Answered at once, never stored. */
export const selfSubjectRulesReview = defineKind<SelfSubjectRulesReview>('authorization/v1', {
  kind: 'SelfSubjectRulesReview',
  plural: 'selfsubjectrulesreviews',
  namespaced: false,
  verbs: ['create'],
  hasGeneration: false,
});
