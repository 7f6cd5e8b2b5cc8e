import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding } from '@coracle/api/types/rbac/v1';
import { goText } from '../print/table.ts';
import { Description } from './description.ts';

export function describeRole({ metadata, rules }: Role | ClusterRole): Description {
  const out = new Description();
  out.line(0, `Name:\t${metadata.name}`);
  out.labels('Labels', metadata.labels);
  out.annotations('Annotations', metadata.annotations);
  out.line(0, 'PolicyRule:');
  out.line(1, 'Resources\tNon-Resource URLs\tResource Names\tVerbs');
  out.line(1, '---------\t-----------------\t--------------\t-----');
  for (const row of ruleRows(rules ?? [])) out.line(1, row.join('\t'));
  return out;
}

/** One row for each resource, verbs of rules about the same thing together; as upstream breaks rules down, compacts and sorts them. */
export function ruleRows(rules: readonly PolicyRule[]): string[][] {
  const rows = new Map<
    string,
    { resource: string; url: string[]; names: string[]; verbs: string[]; sortKey: string }
  >();
  const add = (resource: string, url: string[], names: string[], verbs: readonly string[], sortKey: string): void => {
    const key = JSON.stringify([resource, url, names]);
    const row = rows.get(key) ?? { resource, url, names, verbs: [], sortKey };
    for (const verb of verbs) if (!row.verbs.includes(verb)) row.verbs.push(verb);
    rows.set(key, row);
  };
  for (const rule of rules) {
    for (const group of rule.apiGroups ?? []) {
      for (const resource of rule.resources ?? []) {
        const names = rule.resourceNames?.length ? rule.resourceNames : [undefined];
        const [main = '', ...sub] = resource.split('/');
        const shown = group === '' ? resource : [`${main}.${group}`, ...sub].join('/');
        for (const name of names)
          add(shown, [], name === undefined ? [] : [name], rule.verbs, compactKey(group, resource, name));
      }
    }
    for (const url of rule.nonResourceURLs ?? []) add('', [url], [], rule.verbs, compactKey('', '', undefined, url));
  }
  return [...rows.values()]
    .sort((a, b) => (a.sortKey < b.sortKey ? -1 : a.sortKey > b.sortKey ? 1 : 0))
    .map((row) => [row.resource, goText(row.url), goText(row.names), goText(row.verbs)]);
}

/** The text by which upstream sorts rules: the fields of the rule in their order. */
const compactKey = (group: string, resource: string, name: string | undefined, url = ''): string =>
  [`APIGroups:[${group}]`, resource, name ?? '', url].join(' ');

export function describeRoleBinding({ metadata, roleRef, subjects }: RoleBinding | ClusterRoleBinding): Description {
  const out = new Description();
  out.line(0, `Name:\t${metadata.name}`);
  out.labels('Labels', metadata.labels);
  out.annotations('Annotations', metadata.annotations);
  out.line(0, 'Role:');
  out.line(1, `Kind:\t${roleRef.kind}`);
  out.line(1, `Name:\t${roleRef.name}`);
  out.line(0, 'Subjects:');
  out.line(1, 'Kind\tName\tNamespace');
  out.line(1, '----\t----\t---------');
  for (const { kind, name, namespace = '' } of subjects ?? []) out.line(1, `${kind}\t${name}\t${namespace}`);
  return out;
}
