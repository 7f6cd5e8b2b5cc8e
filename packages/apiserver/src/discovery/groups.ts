import type { AnyKind } from '@coracle/api/kind';
import type { APIGroup, APIGroupList, APIVersions } from '@coracle/api/types/meta/v1';
import { isServed } from './resources.ts';

/** The order in which clients should prefer groups, as upstream's priorities give it; others follow by name. */
const preference = [
  '',
  'apiregistration.k8s.io',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'discovery.k8s.io',
  'resource.k8s.io',
  'flowcontrol.apiserver.k8s.io',
];

/** The groups that serve anything, each with its versions, newest stable first, in the order clients should prefer them. */
export function servedGroups(kinds: Iterable<AnyKind>): Map<string, string[]> {
  const groups = new Map<string, Set<string>>();
  for (const kind of kinds) {
    if (!isServed(kind)) continue;
    const versions = groups.get(kind.group) ?? new Set();
    groups.set(kind.group, versions.add(kind.version));
  }
  const rank = (group: string) => (preference.includes(group) ? preference.indexOf(group) : preference.length);
  const names = [...groups.keys()].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return new Map(names.map((name) => [name, [...groups.get(name)!].sort(byStability)]));
}

/** Orders versions as clients prefer them: stable before beta before alpha, higher before lower. */
export function byStability(a: string, b: string): number {
  const [x, y] = [rankOf(a), rankOf(b)];
  for (const [i, value] of x.entries()) if (value !== y[i]) return y[i]! - value;
  return a < b ? -1 : 1;
}

function rankOf(version: string): [number, number, number] {
  const found = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (!found) return [-1, 0, 0];
  const stage = found[2] === 'alpha' ? 0 : found[2] === 'beta' ? 1 : 2;
  return [stage, Number(found[1]), Number(found[3] ?? 0)];
}

/** The answer at `/api`. `address` is what clients outside reach the server by, `host:port`. */
export function coreVersions(address: string): APIVersions {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
  };
}

/** The answer at `/apis`: every group but the core one. */
export function groupList(kinds: Iterable<AnyKind>): APIGroupList {
  const groups = [...servedGroups(kinds)]
    .filter(([name]) => name !== '')
    .map(([name, versions]) => groupOf(name, versions));
  return { kind: 'APIGroupList', apiVersion: 'v1', groups };
}

/** The answer at `/apis/<group>`; undefined where nothing serves it. */
export function singleGroup(kinds: Iterable<AnyKind>, name: string): APIGroup | undefined {
  const versions = name === '' ? undefined : servedGroups(kinds).get(name);
  return versions && { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(name, versions) };
}

function groupOf(name: string, versions: readonly string[]): APIGroup {
  const all = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: all, preferredVersion: all[0]! };
}
