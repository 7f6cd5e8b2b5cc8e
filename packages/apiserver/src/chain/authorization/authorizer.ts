import type { Requirement } from '@coracle/api/meta/labels';
import { aggregate } from '@coracle/api/meta/status';
import type { NonResourceRule, ResourceRule } from '@coracle/api/types/authorization/v1';
import type { User } from '../user.ts';

/** What a request wants to do: the question authorizers answer. */
export type Attributes = ResourceAttributes | PathAttributes;

/** A request for a resource of the API. `name` is empty for lists and creates, `namespace` at the cluster scope. */
export interface ResourceAttributes {
  readonly user: User;
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** What a list, watch or deletecollection is narrowed to. */
  readonly fieldSelector?: readonly FieldRequirement[];
  readonly labelSelector?: readonly Requirement[];
  readonly path?: undefined;
}

/** One requirement of a field selector. */
export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** A request for a path that is no resource: `/healthz`, `/openapi/v3`. The verb is the HTTP method in lower case. */
export interface PathAttributes {
  readonly user: User;
  readonly verb: string;
  readonly path: string;
}

/** `noOpinion` leaves the decision to the next authorizer; what nobody allows is denied. */
export interface Decision {
  readonly decision: 'allow' | 'deny' | 'noOpinion';
  readonly reason: string;
  /** It could not be decided: a request that nobody allows fails with this, rather than being forbidden. */
  readonly failure?: string;
}

/** The rules that apply to a user in a namespace, as SelfSubjectRulesReview lists them. */
export interface RuleList {
  readonly resourceRules: ResourceRule[];
  readonly nonResourceRules: NonResourceRule[];
  /** Whether there may be rules this authorizer cannot list. */
  readonly incomplete: boolean;
  readonly error?: string;
}

/** Decides what users may do. */
export interface Authorizer {
  authorize(attributes: Attributes): Decision | Promise<Decision>;
  rulesFor(user: User, namespace: string): RuleList;
}

/** Decides by what is in memory alone, so that it costs a request no round trip: all but webhooks. */
export interface LocalAuthorizer extends Authorizer {
  authorize(attributes: Attributes): Decision;
}

export const noOpinion: Decision = { decision: 'noOpinion', reason: '' };

/** Asks each authorizer in turn; the first that allows or denies decides, the reasons of the others are kept for the message. */
export function unionOf(authorizers: readonly Authorizer[]): Authorizer {
  return {
    async authorize(attributes) {
      const reasons: string[] = [];
      const failures: string[] = [];
      for (const authorizer of authorizers) {
        const answer = await authorizer.authorize(attributes);
        if (answer.decision !== 'noOpinion') return answer;
        if (answer.reason !== '') reasons.push(answer.reason);
        if (answer.failure) failures.push(answer.failure);
      }
      return {
        decision: 'noOpinion',
        reason: reasons.join('\n'),
        ...(failures.length > 0 ? { failure: aggregate(failures) } : {}),
      };
    },
    rulesFor(user, namespace) {
      const lists = authorizers.map((authorizer) => authorizer.rulesFor(user, namespace));
      const errors = lists.flatMap((list) => (list.error ? [list.error] : []));
      return {
        resourceRules: lists.flatMap((list) => list.resourceRules),
        nonResourceRules: lists.flatMap((list) => list.nonResourceRules),
        incomplete: lists.some((list) => list.incomplete),
        ...(errors.length > 0 ? { error: aggregate(errors) } : {}),
      };
    },
  };
}

const everything: RuleList = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  incomplete: false,
};
const nothing: RuleList = { resourceRules: [], nonResourceRules: [], incomplete: false };

/** `--authorization-mode=AlwaysAllow`. */
export const alwaysAllow: LocalAuthorizer = {
  authorize: () => ({ decision: 'allow', reason: '' }),
  rulesFor: () => everything,
};

/** `--authorization-mode=AlwaysDeny`. */
export const alwaysDeny: LocalAuthorizer = {
  authorize: () => ({ decision: 'noOpinion', reason: 'Everything is forbidden.' }),
  rulesFor: () => nothing,
};

/**
 * Allows everything to members of a group: `system:masters` is never asked for RBAC objects. Lists no rules: the binding that says
 * the same in the default policy does.
 */
export function privilegedGroup(group: string): LocalAuthorizer {
  return {
    authorize: ({ user }) => (user.groups.includes(group) ? { decision: 'allow', reason: '' } : noOpinion),
    rulesFor: () => nothing,
  };
}
