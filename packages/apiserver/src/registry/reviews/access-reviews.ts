import { badRequest } from '@coracle/api/meta/status';
import type {
  LocalSubjectAccessReview,
  ResourceAttributes,
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

/** Answers the access reviews by asking the authorizer (https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access). */
export function accessReviewHooks(authorizer: () => Authorizer): HookTable {
  return {
    [`subjectaccessreviews.${group}`]: {
      async answer(object) {
        const review = object as SubjectAccessReview;
        return { ...review, status: await statusOf(authorizer(), review.spec, subjectOf(review.spec)) };
      },
    },
    [`localsubjectaccessreviews.${group}`]: {
      async answer(object) {
        const review = object as LocalSubjectAccessReview;
        return { ...review, status: await statusOf(authorizer(), review.spec, subjectOf(review.spec)) };
      },
    },
    [`selfsubjectaccessreviews.${group}`]: {
      async answer(object, { user }) {
        const review = object as SelfSubjectAccessReview;
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
        const { apiVersion, kind } = review;
        return { apiVersion, kind, metadata: {}, spec: {}, status } as SelfSubjectRulesReview;
      },
    },
  };
}

function subjectOf({ user = '', uid = '', groups = [], extra = {} }: SubjectAccessReviewSpec): User {
  return { name: user, uid, groups, extra };
}

async function statusOf(
  authorizer: Authorizer,
  { resourceAttributes, nonResourceAttributes }: SelfSubjectAccessReviewSpec,
  user: User,
): Promise<SubjectAccessReviewStatus> {
  const { narrowed, problems } = narrowedBy(resourceAttributes ?? {});
  const attributes: Attributes = resourceAttributes
    ? { ...resourceOf(resourceAttributes, user), ...narrowed }
    : { user, verb: nonResourceAttributes?.verb ?? '', path: nonResourceAttributes?.path ?? '' };
  const { decision, reason, failure } = await authorizer.authorize(attributes);
  const problem = [...(failure ? [failure] : []), ...problems].join('; ');
  return {
    allowed: decision === 'allow',
    ...(decision === 'deny' ? { denied: true } : {}),
    ...(reason === '' ? {} : { reason }),
    ...(problem === '' ? {} : { evaluationError: problem }),
  };
}

function resourceOf(wish: ResourceAttributes, user: User): Attributes {
  return {
    user,
    verb: wish.verb ?? '',
    group: wish.group ?? '',
    version: wish.version || '*',
    resource: wish.resource ?? '',
    subresource: wish.subresource ?? '',
    namespace: wish.namespace ?? '',
    name: wish.name ?? '',
  };
}
