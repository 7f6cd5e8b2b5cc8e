import type { SubjectAccessReview } from '../../generated/authorization/v1.ts';
import { defineKind } from '../../kind.ts';
import { validateNoMetadata, validateQuestionOfSubject } from './access-review-validation.ts';

/** Asks whether somebody may do something. Answered at once, never stored. */
export const subjectAccessReview = defineKind<SubjectAccessReview>('authorization/v1', {
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  namespaced: false,
  verbs: ['create'],
  hasGeneration: false,
  validate: ({ metadata, spec }) => [
    ...validateQuestionOfSubject(spec),
    ...validateNoMetadata(metadata, 'must be empty'),
  ],
});
