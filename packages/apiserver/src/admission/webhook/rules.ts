import type { NamedRuleWithOperations } from '@coracle/api/types/admissionregistration/v1';

/** What a rule looks at of a request. */
export interface RuleSubject {
  readonly group: string;
  readonly version: string;
  /** Plural name. */
  readonly resource: string;
  readonly subresource: string;
  /** Of a namespace itself, its name. */
  readonly namespace: string;
  readonly operation: string;
  /** Empty where the object has none yet. */
  readonly name: string;
}

/** Whether a rule of a webhook (or of a policy) is about a request. */
export function ruleMatches(rule: NamedRuleWithOperations, it: RuleSubject): boolean {
  return (
    (!rule.resourceNames?.length || rule.resourceNames.includes(it.name)) &&
    scopeMatches(rule.scope, it) &&
    has(rule.operations, it.operation) &&
    has(rule.apiGroups, it.group) &&
    has(rule.apiVersions, it.version) &&
    (rule.resources ?? []).some((each) => resourceMatches(each, it))
  );
}

function has(list: readonly string[] | undefined, value: string): boolean {
  return list?.some((each) => each === '*' || each === value) ?? false;
}

/** Namespaces themselves are cluster-scoped, though they count as in themselves. */
function scopeMatches(scope: string | undefined, { namespace, resource }: RuleSubject): boolean {
  const isCluster = namespace === '' || resource === 'namespaces';
  return scope === undefined || scope === '*' || (scope === 'Cluster') === isCluster;
}

/** `pods`, `pods/log`, `pods/*`, `*` (no subresources), `*` + `/scale`, `*` + `/*`. */
function resourceMatches(pattern: string, it: RuleSubject): boolean {
  const [resource = '', subresource = ''] = pattern.split('/', 2);
  return (resource === '*' || resource === it.resource) && (subresource === '*' || subresource === it.subresource);
}
