import { aggregate } from '@coracle/api/meta/status';
import type { NonResourceRule, ResourceRule } from '@coracle/api/types/authorization/v1';
import type { PolicyRule, RoleRef } from '@coracle/api/types/rbac/v1';
import type { User } from '../../user.ts';
import type { Attributes, Decision, LocalAuthorizer, RuleList } from '../authorizer.ts';
import { type Grant, lostRole, type RbacIndex } from './index.ts';
import { allows } from './rules.ts';

/** How many users' grants are remembered; beyond it the one unused longest is dropped. */
const remembered = 1024;

interface Memo {
  generation: number;
  readonly byScope: Map<string, readonly Grant[]>;
}

/** `--authorization-mode=RBAC`: allows what a rule of a role bound to the user or one of its groups allows; never denies. */
export class RbacAuthorizer implements LocalAuthorizer {
  readonly #index: RbacIndex;
  readonly #memos = new Map<string, Memo>();

  constructor(index: RbacIndex) {
    this.#index = index;
  }

  authorize(attributes: Attributes): Decision {
    const lost: RoleRef[] = [];
    const namespace = attributes.path === undefined ? attributes.namespace : '';
    for (const scope of namespace === '' ? [''] : ['', namespace]) {
      for (const grant of this.#grants(attributes.user, scope)) {
        if (grant.lost) lost.push(grant.lost);
        if (grant.rules.some((rule) => allows(rule, attributes))) {
          return { decision: 'allow', reason: `RBAC: allowed by ${grant.source}` };
        }
      }
    }
    const errors = lost.map((role) => lostRole(role, 'kind'));
    return { decision: 'noOpinion', reason: errors.length === 0 ? '' : `RBAC: ${aggregate(errors)}` };
  }

  rulesFor(user: User, namespace: string): RuleList {
    const { rules, lost } = this.rules(user, namespace);
    const errors = lost.map((role) => lostRole(role, 'kind'));
    const resourceRules: ResourceRule[] = [];
    const nonResourceRules: NonResourceRule[] = [];
    for (const rule of rules) {
      if (rule.resources?.length) {
        const { verbs, apiGroups, resources, resourceNames } = rule;
        resourceRules.push({ verbs, apiGroups, resources, ...(resourceNames ? { resourceNames } : {}) });
      }
      if (rule.nonResourceURLs?.length)
        nonResourceRules.push({ verbs: rule.verbs, nonResourceURLs: rule.nonResourceURLs });
    }
    return {
      resourceRules,
      nonResourceRules,
      incomplete: false,
      ...(errors.length > 0 ? { error: aggregate(errors) } : {}),
    };
  }

  /** All rules a user holds in a namespace ('' for the cluster scope alone), and the roles that are bound to it and do not exist. */
  rules(user: User, namespace: string): { rules: PolicyRule[]; lost: RoleRef[] } {
    const grants = (namespace === '' ? [''] : ['', namespace]).flatMap((scope) => this.#grants(user, scope));
    return {
      rules: grants.flatMap((grant) => grant.rules),
      lost: grants.flatMap((grant) => grant.lost ?? []),
    };
  }

  #grants(user: User, scope: string): readonly Grant[] {
    const key = JSON.stringify([user.name, user.groups]);
    let memo = this.#memos.get(key);
    if (memo?.generation === this.#index.generation)
      this.#memos.delete(key); // re-inserted below as the newest
    else memo = { generation: this.#index.generation, byScope: new Map() };
    this.#memos.set(key, memo);
    for (const oldest of this.#memos.keys()) {
      if (this.#memos.size <= remembered) break;
      this.#memos.delete(oldest);
    }
    let grants = memo.byScope.get(scope);
    if (!grants) {
      grants = this.#index.grants(user, scope);
      memo.byScope.set(scope, grants);
    }
    return grants;
  }
}
