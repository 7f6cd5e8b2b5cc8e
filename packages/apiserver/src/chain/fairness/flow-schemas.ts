import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '@coracle/api/types/flowcontrol/v1';
import type { RequestInfo } from '../request-info.ts';
import { serviceAccountOf, serviceAccountsGroup, type User } from '../user.ts';

/** Whether a schema is about a user's request. */
export function matches({ spec }: FlowSchema, user: User, info: RequestInfo): boolean {
  return spec.rules?.some((rule) => ruleMatches(rule, user, info)) ?? false;
}

/** What tells the flows of a schema apart, of one request. */
export function distinguisherOf({ spec }: FlowSchema, user: User, info: RequestInfo): string {
  switch (spec.distinguisherMethod?.type) {
    case 'ByUser':
      return user.name;
    case 'ByNamespace':
      return info.namespace;
    default:
      return '';
  }
}

function ruleMatches(rule: PolicyRulesWithSubjects, user: User, info: RequestInfo): boolean {
  if (!rule.subjects?.some((subject) => subjectMatches(subject, user))) return false;
  return info.isResourceRequest
    ? (rule.resourceRules?.some((each) => resourceMatches(each, info)) ?? false)
    : (rule.nonResourceRules?.some((each) => pathMatches(each, info)) ?? false);
}

function subjectMatches({ kind, user: named, group, serviceAccount }: Subject, user: User): boolean {
  switch (kind) {
    case 'User':
      return named?.name === '*' || named?.name === user.name;
    case 'Group':
      return group?.name === '*' || (group !== undefined && user.groups.includes(group.name));
    case 'ServiceAccount': {
      const account = serviceAccountOf(user.name);
      if (!account || account.namespace !== serviceAccount?.namespace) return false;
      // All of a namespace are its group: a name alone can be had by other means.
      if (serviceAccount.name === '*') return user.groups.includes(`${serviceAccountsGroup}:${account.namespace}`);
      return serviceAccount.name === account.name;
    }
    default:
      return false;
  }
}

function resourceMatches(rule: ResourcePolicyRule, info: RequestInfo): boolean {
  const resource = info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`;
  if (!has(rule.verbs, info.verb) || !has(rule.apiGroups, info.apiGroup) || !has(rule.resources, resource))
    return false;
  return info.namespace === '' ? rule.clusterScope === true : has(rule.namespaces, info.namespace);
}

function pathMatches({ verbs, nonResourceURLs }: NonResourcePolicyRule, { verb, path }: RequestInfo): boolean {
  if (!has(verbs, verb)) return false;
  return nonResourceURLs.some(
    (url) => url === '*' || url === path || (url.endsWith('/*') && path.startsWith(url.slice(0, -1))),
  );
}

function has(values: readonly string[] | undefined, wanted: string): boolean {
  return values?.some((value) => value === '*' || value === wanted) ?? false;
}
