import { goText } from '@coracle/api/codec/go-text';
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding } from '@coracle/api/types/rbac/v1';
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
  const rows = new Map<string, Row>();
  // Only rules about resources are put together; those about paths stand as they come.
  const add = (row: Row): void => {
    const key = JSON.stringify({ ...row, verbs: [], ...(row.urls.length > 0 ? { number: rows.size } : {}) });
    const known = rows.get(key);
    if (known) known.verbs.push(...row.verbs.filter((verb) => !known.verbs.includes(verb)));
    else rows.set(key, row);
  };
  for (const { apiGroups = [], resources = [], resourceNames, nonResourceURLs = [], verbs } of rules) {
    for (const group of apiGroups ?? []) {
      for (const resource of resources ?? []) {
        for (const name of resourceNames?.length ? resourceNames : [undefined]) {
          add({
            verbs: [...verbs],
            groups: [group],
            resources: [resource],
            names: name === undefined ? [] : [name],
            urls: [],
          });
        }
      }
    }
    for (const url of nonResourceURLs ?? [])
      add({ verbs: [...verbs], groups: [], resources: [], names: [], urls: [url] });
  }
  return [...rows.values()]
    .sort((a, b) => (sortText(a) < sortText(b) ? -1 : sortText(a) > sortText(b) ? 1 : 0))
    .map((row) => [shownResource(row), goText(row.urls), goText(row.names), goText(row.verbs)]);
}

interface Row {
  readonly verbs: string[];
  readonly groups: string[];
  readonly resources: string[];
  readonly names: string[];
  readonly urls: string[];
}

/** Upstream sorts rules by the text of the whole rule, in which the verbs come first. */
const sortText = ({ verbs, groups, resources, names, urls }: Row): string =>
  `Verbs:${goText(verbs)},APIGroups:${goText(groups)},Resources:${goText(resources)},ResourceNames:${goText(names)},NonResourceURLs:${goText(urls)}`;

function shownResource({ groups: [group = ''], resources: [resource = ''] }: Row): string {
  const [main = '', ...sub] = resource.split('/');
  return group === '' ? resource : [`${main}.${group}`, ...sub].join('/');
}

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
