import { type FieldError, invalid, Path } from '@coracle/api/meta/field-path';
import { badRequest, invalidObject } from '@coracle/api/meta/status';
import type {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectAccessReviewSpec,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
  SubjectAccessReviewStatus,
} from '@coracle/api/types/authorization/v1';
import type { Attributes, Authorizer } from '../../chain/authorization/authorizer.ts';
import { narrowedBy } from '../../chain/authorization/selectors.ts';
import type { User } from '../../chain/user.ts';
import type { HookTable } from '../strategy.ts';

const group = 'authorization.k8s.io';
const specPath = new Path('spec');

/** Answers the access reviews by asking the authorizer (https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access). */
export function accessReviewHooks(authorizer: () => Authorizer): HookTable {
  return {
    [`subjectaccessreviews.${group}`]: {
      async answer(object) {
        const review = object as SubjectAccessReview;
        refuse('SubjectAccessReview', [...problemsOf(review.spec), ...subjectProblems(review.spec)]);
        return { ...review, status: await statusOf(authorizer(), review.spec, subjectOf(review.spec)) };
      },
    },
    [`localsubjectaccessreviews.${group}`]: {
      async answer(object) {
        const review = object as LocalSubjectAccessReview;
        const { namespace = '' } = review.metadata;
        refuse('LocalSubjectAccessReview', [
          ...problemsOf(review.spec),
          ...subjectProblems(review.spec),
          ...localProblems(review.spec),
        ]);
        if (review.spec.resourceAttributes?.namespace !== namespace) {
          throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace}`);
        }
        return { ...review, status: await statusOf(authorizer(), review.spec, subjectOf(review.spec)) };
      },
    },
    [`selfsubjectaccessreviews.${group}`]: {
      async answer(object, { user }) {
        const review = object as SelfSubjectAccessReview;
        refuse('SelfSubjectAccessReview', problemsOf(review.spec));
        return { ...review, status: await statusOf(authorizer(), review.spec, user) };
      },
    },
    [`selfsubjectrulesreviews.${group}`]: {
      async answer(object, { user }) {
        const review = object as SelfSubjectRulesReview;
        const namespace = review.spec?.namespace ?? '';
        if (namespace === '') throw badRequest('no namespace on request');
        const { resourceRules, nonResourceRules, incomplete, error } = authorizer().rulesFor(user, namespace);
        const status = { resourceRules, nonResourceRules, incomplete, ...(error ? { evaluationError: error } : {}) };
        return { ...review, status } as SelfSubjectRulesReview;
      },
    },
  };
}

function refuse(kind: string, errors: FieldError[]): void {
  if (errors.length > 0) throw invalidObject({ group, kind }, '', errors);
}

function problemsOf(spec: SelfSubjectAccessReviewSpec | undefined): FieldError[] {
  const { resourceAttributes, nonResourceAttributes } = spec ?? {};
  if (resourceAttributes && nonResourceAttributes) {
    const detail = 'cannot be specified in combination with resourceAttributes';
    return [invalid(specPath.child('nonResourceAttributes'), nonResourceAttributes, detail)];
  }
  if (!resourceAttributes && !nonResourceAttributes) {
    const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    return [invalid(specPath.child('resourceAttributes'), undefined, detail)];
  }
  return [];
}

function subjectProblems(spec: SubjectAccessReviewSpec | undefined): FieldError[] {
  if (spec?.user || spec?.groups?.length) return [];
  return [invalid(specPath.child('user'), '', 'at least one of user or group must be specified')];
}

function localProblems(spec: SubjectAccessReviewSpec): FieldError[] {
  if (!spec.nonResourceAttributes) return [];
  return [
    invalid(specPath.child('nonResourceAttributes'), spec.nonResourceAttributes, 'disallowed on this kind of request'),
  ];
}

function subjectOf({ user = '', uid = '', groups = [], extra = {} }: SubjectAccessReviewSpec): User {
  return { name: user, uid, groups, extra };
}

async function statusOf(
  authorizer: Authorizer,
  spec: SelfSubjectAccessReviewSpec,
  user: User,
): Promise<SubjectAccessReviewStatus> {
  const { decision, reason, error, failure } = await authorizer.authorize(attributesOf(spec, user));
  const problem = [error, failure].filter(Boolean).join(', ');
  return {
    allowed: decision === 'allow',
    ...(decision === 'deny' ? { denied: true } : {}),
    ...(reason === '' ? {} : { reason }),
    ...(problem === '' ? {} : { evaluationError: problem }),
  };
}

function attributesOf(
  { resourceAttributes, nonResourceAttributes }: SelfSubjectAccessReviewSpec,
  user: User,
): Attributes {
  if (!resourceAttributes) {
    return { user, verb: nonResourceAttributes?.verb ?? '', path: nonResourceAttributes?.path ?? '' };
  }
  const wish = resourceAttributes;
  return {
    user,
    verb: wish.verb ?? '',
    group: wish.group ?? '',
    version: wish.version || '*',
    resource: wish.resource ?? '',
    subresource: wish.subresource ?? '',
    namespace: wish.namespace ?? '',
    name: wish.name ?? '',
    ...narrowedBy(wish),
  };
}
