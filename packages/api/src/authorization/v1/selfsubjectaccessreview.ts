import type { SelfSubjectAccessReview } from '../../generated/authorization/v1.ts';
import { defineKind } from '../../kind.ts';
import { validateNoMetadata, validateQuestion } from './access-review-validation.ts';

/** Asks whether the asker may do something. Answered at once, never stored. */
export const selfSubjectAccessReview = defineKind<SelfSubjectAccessReview>('authorization/v1', {
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  namespaced: false,
  verbs: ['create'],
  hasGeneration: false,
  validate: ({ metadata, spec }) => [...validateQuestion(spec), ...validateNoMetadata(metadata, 'must be empty')],
});
