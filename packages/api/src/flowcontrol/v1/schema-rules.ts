import type {
  FlowDistinguisherMethodType,
  FlowSchema,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../../generated/flowcontrol/v1.ts';

/** Every request there is, as rules of a FlowSchema. */
export const everything: Omit<PolicyRulesWithSubjects, 'subjects'> = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
};

/** What is done with the given resources of a group, in every namespace. */
export function inNamespaces(verbs: string[], apiGroup: string, ...resources: string[]): ResourcePolicyRule {
  return { verbs, apiGroups: [apiGroup], resources, namespaces: ['*'] };
}

export function users(...names: string[]): Subject[] {
  return names.map((name) => ({ kind: 'User', user: { name } }));
}

export function groups(...names: string[]): Subject[] {
  return names.map((name) => ({ kind: 'Group', group: { name } }));
}

/** Service accounts of kube-system; `*` for them all. */
export function systemAccounts(...names: string[]): Subject[] {
  return names.map((name) => ({ kind: 'ServiceAccount', serviceAccount: { namespace: 'kube-system', name } }));
}

/** A FlowSchema of a level, at a place among others, of requests that follow one rule. */
export function schemaOf(
  name: string,
  level: string,
  matchingPrecedence: number,
  method: FlowDistinguisherMethodType | undefined,
  rule: PolicyRulesWithSubjects,
): FlowSchema {
  return {
    metadata: { name },
    spec: {
      priorityLevelConfiguration: { name: level },
      matchingPrecedence,
      ...(method ? { distinguisherMethod: { type: method } } : {}),
      rules: [rule],
    },
  };
}
