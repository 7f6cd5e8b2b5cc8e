import { goQuoted } from '@coracle/api/codec/go-text';
import { append } from '@coracle/api/meta/append';
import type { PolicyRule } from '@coracle/api/types/rbac/v1';
import type { Attributes } from '../authorizer.ts';

/** Whether a rule allows what a request wants. */
export function allows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!has(rule.verbs, attributes.verb)) return false;
  if (attributes.path !== undefined) return urlMatches(rule.nonResourceURLs, attributes.path);
  return (
    has(rule.apiGroups, attributes.group) &&
    resourceMatches(rule.resources, attributes.resource, attributes.subresource) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(attributes.name))
  );
}

function has(values: readonly string[] | undefined, wanted: string): boolean {
  return values?.some((value) => value === '*' || value === wanted) ?? false;
}

function resourceMatches(resources: readonly string[] | undefined, resource: string, subresource: string): boolean {
  if (!resources) return false;
  if (subresource === '') return resources.some((each) => each === '*' || each === resource);
  const whole = `${resource}/${subresource}`;
  const anyParent = `*/${subresource}`;
  return resources.some((each) => each === '*' || each === whole || each === anyParent);
}

function urlMatches(urls: readonly string[] | undefined, path: string): boolean {
  return urls?.some((url) => url === '*' || urlCovers(url, path)) ?? false;
}

function urlCovers(owned: string, wanted: string): boolean {
  return owned === wanted || (owned.endsWith('*') && wanted.startsWith(owned.replace(/\*+$/, '')));
}

/** The rules of `wanted` that `owned` does not cover, in single-verb, single-resource pieces; empty when all are covered. */
export function uncovered(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap((rule) => [...pieces(rule)]).filter((piece) => !owned.some((rule) => covers(rule, piece)));
}

/** A rule cut into rules of one verb on one resource (and one name) or one URL each. */
function* pieces(rule: PolicyRule): Generator<PolicyRule> {
  for (const group of rule.apiGroups ?? []) {
    for (const resource of rule.resources ?? []) {
      for (const verb of rule.verbs) {
        const piece = { verbs: [verb], apiGroups: [group], resources: [resource] };
        if (!rule.resourceNames?.length) yield piece;
        for (const name of rule.resourceNames ?? []) yield { ...piece, resourceNames: [name] };
      }
    }
  }
  for (const url of rule.nonResourceURLs ?? []) {
    for (const verb of rule.verbs) yield { verbs: [verb], nonResourceURLs: [url] };
  }
}

function covers(owned: PolicyRule, wanted: PolicyRule): boolean {
  return (
    (owned.verbs.includes('*') || hasAll(owned.verbs, wanted.verbs)) &&
    (owned.apiGroups?.includes('*') || hasAll(owned.apiGroups, wanted.apiGroups)) &&
    (wanted.resources ?? []).every((resource) => resourceCovered(owned.resources ?? [], resource)) &&
    (wanted.nonResourceURLs ?? []).every((url) => owned.nonResourceURLs?.some((each) => urlCovers(each, url))) &&
    (!owned.resourceNames?.length ||
      (!!wanted.resourceNames?.length && hasAll(owned.resourceNames, wanted.resourceNames)))
  );
}

function hasAll(owned: readonly string[] | undefined, wanted: readonly string[] | undefined): boolean {
  return (wanted ?? []).every((each) => owned?.includes(each));
}

function resourceCovered(owned: readonly string[], wanted: string): boolean {
  if (owned.includes('*') || owned.includes(wanted)) return true;
  const slash = wanted.indexOf('/');
  return slash > 0 && owned.includes(`*${wanted.slice(slash)}`);
}

/** Joins rules on the same single resource (and name) into one with all their verbs; the others stay as they are. */
export function compact(rules: readonly PolicyRule[]): PolicyRule[] {
  const simple = new Map<string, PolicyRule>();
  const others: PolicyRule[] = [];
  for (const rule of rules) {
    const single =
      rule.apiGroups?.length === 1 && rule.resources?.length === 1 && (rule.resourceNames?.length ?? 0) <= 1;
    if (!single || rule.nonResourceURLs?.length) {
      others.push(rule);
      continue;
    }
    const key = JSON.stringify([rule.apiGroups, rule.resources, rule.resourceNames ?? []]);
    const known = simple.get(key);
    if (known) append(known.verbs, rule.verbs);
    else simple.set(key, { ...rule, verbs: [...rule.verbs] });
  }
  return [...others, ...simple.values()];
}

/** A rule in one line: `{APIGroups:["apps"], Resources:["deployments"], Verbs:["get" "list"]}`. */
export function describeRule(rule: PolicyRule): string {
  const parts: [string, readonly string[] | undefined][] = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ];
  const shown = parts.filter(([, values]) => values?.length).map(([name, values]) => `${name}:${quoted(values ?? [])}`);
  return `{${shown.join(', ')}}`;
}

/** A list of strings as Go's %q shows it: `["a" "b"]`. */
export function quoted(values: readonly string[]): string {
  return `[${values.map(goQuoted).join(' ')}]`;
}
