import type { AnyKind } from '@coracle/api/kind';
import { byStability } from '@coracle/api/meta/version-order';
import type { APIVersionDiscovery } from '@coracle/api/types/apidiscovery/v2';
import type { APIGroup, APIGroupList, APIVersions } from '@coracle/api/types/meta/v1';
import { builtinPriority, type Priority } from './priorities.ts';
import { isServed } from './resources.ts';

/** What APIServices say of a group-version: how early clients prefer it, and whether another server serves it. */
export interface Registration extends Priority {
  /** `apps/v1`; `v1` of the core group. */
  readonly apiVersion: string;
  /** What discovery says of it where another server serves it; undefined: this one does. */
  readonly remote: (() => APIVersionDiscovery) | undefined;
}

/** What APIServices say, by group-version; whatever is not there has the priorities that are built in. */
export type Registrations = ReadonlyMap<string, Registration>;

export const noRegistrations: Registrations = new Map();

/** The groups that serve anything, each with its versions, both in the order clients should prefer them: by priority, then by stability and name. */
export function servedGroups(
  kinds: Iterable<AnyKind>,
  registrations: Registrations = noRegistrations,
): Map<string, string[]> {
  const groups = new Map<string, Map<string, Priority>>();
  const add = (group: string, version: string) => {
    const versions = groups.get(group) ?? new Map<string, Priority>();
    if (versions.has(version)) return;
    const priority = registrations.get(apiVersionOf(group, version)) ?? builtinPriority(group, version);
    groups.set(group, versions.set(version, priority));
  };
  for (const kind of kinds) if (isServed(kind)) add(kind.group, kind.version);
  for (const { apiVersion, remote } of registrations.values()) {
    const slash = apiVersion.indexOf('/');
    if (remote) add(apiVersion.slice(0, Math.max(slash, 0)), apiVersion.slice(slash + 1));
  }
  const highest = (versions: Map<string, Priority>) => Math.max(...[...versions.values()].map(({ group }) => group));
  return new Map(
    [...groups]
      .sort(([a, ofA], [b, ofB]) => highest(ofB) - highest(ofA) || (a < b ? -1 : 1))
      .map(([group, versions]) => [
        group,
        [...versions].sort(([a, x], [b, y]) => y.version - x.version || byStability(a, b)).map(([version]) => version),
      ]),
  );
}

/** `apps/v1`, and `v1` of the core group. */
export function apiVersionOf(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
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
export function groupList(kinds: Iterable<AnyKind>, registrations?: Registrations): APIGroupList {
  const groups = [...servedGroups(kinds, registrations)]
    .filter(([name]) => name !== '')
    .map(([name, versions]) => groupOf(name, versions));
  return { kind: 'APIGroupList', apiVersion: 'v1', groups };
}

/** The answer at `/apis/<group>`; undefined where nothing serves it. */
export function singleGroup(
  kinds: Iterable<AnyKind>,
  name: string,
  registrations?: Registrations,
): APIGroup | undefined {
  const versions = name === '' ? undefined : servedGroups(kinds, registrations).get(name);
  return versions && { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(name, versions) };
}

function groupOf(name: string, versions: readonly string[]): APIGroup {
  const all = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: all, preferredVersion: all[0]! };
}
