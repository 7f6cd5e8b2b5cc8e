import type { LocalSubjectAccessReview } from '../../generated/authorization/v1.ts';
import { defineKind } from '../../kind.ts';
import { invalid, Path } from '../../meta/field-path.ts';
import { pathProblem, validateNoMetadata, validateQuestionOfSubject } from './access-review-validation.ts';

/** Asks whether somebody may do something in one namespace. Answered at once, never stored. */
export const localSubjectAccessReview = defineKind<LocalSubjectAccessReview>('authorization/v1', {
  kind: 'LocalSubjectAccessReview',
  plural: 'localsubjectaccessreviews',
  namespaced: true,
  verbs: ['create'],
  hasGeneration: false,
  validate({ metadata, spec }) {
    const { namespace } = metadata;
    const at = new Path('spec');
    const { resourceAttributes: asked, nonResourceAttributes: path } = spec;
    const errors = [
      ...validateQuestionOfSubject(spec),
      ...validateNoMetadata(metadata, 'must be empty except for namespace', ['namespace']),
    ];
    if (asked && (asked.namespace ?? '') !== (namespace ?? '')) {
      const where = at.child('resourceAttributes').child('namespace');
      errors.push(invalid(where, asked.namespace ?? '', 'must match metadata.namespace'));
    }
    if (path) errors.push(pathProblem(path, 'disallowed on this kind of request'));
    return errors;
  },
});
