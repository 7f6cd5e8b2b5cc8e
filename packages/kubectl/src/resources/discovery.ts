import type { Rest } from '../rest/rest.ts';
import type { Resource } from './resource.ts';

/** What a server serves: its group-versions in order of preference, and the resources of each. */
export interface Discovered {
  /** `v1`, `apps/v1`, …: the core group first, then the others as the server orders them, the preferred version of each first. */
  readonly groupVersions: readonly string[];
  readonly resources: readonly Resource[];
  /** Group-versions whose resources could not be read, with the reason. */
  readonly failed: readonly { groupVersion: string; error: unknown }[];
}

const aggregated =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';

interface GroupDiscoveryList {
  kind: string;
  items?: {
    metadata?: { name?: string };
    versions?: {
      version: string;
      freshness?: string;
      resources?: {
        resource: string;
        responseKind?: { group: string; version: string; kind: string };
        scope: string;
        singularResource: string;
        verbs: string[];
        shortNames?: string[];
        categories?: string[];
      }[];
    }[];
  }[];
}

interface LegacyGroups {
  kind: string;
  versions?: string[];
  groups?: { name: string; preferredVersion: { groupVersion: string }; versions: { groupVersion: string }[] }[];
}

interface LegacyResources {
  resources?: {
    name: string;
    singularName?: string;
    namespaced: boolean;
    kind: string;
    group?: string;
    version?: string;
    verbs?: string[];
    shortNames?: string[];
    categories?: string[];
  }[];
}

/** Asks the server what it serves: aggregated discovery (KEP-3352) where it has it, else one request a group-version. */
export async function discover(rest: Rest): Promise<Discovered> {
  const [core, groups] = await Promise.all(
    ['/api', '/apis'].map((path) => rest.json<GroupDiscoveryList & LegacyGroups>('GET', path, { accept: aggregated })),
  );
  const found = {
    groupVersions: [] as string[],
    resources: [] as Resource[],
    failed: [] as Discovered['failed'][number][],
  };
  for (const answer of [core!, groups!]) {
    if (answer.kind === 'APIGroupDiscoveryList') addAggregated(found, answer);
    else await addLegacy(found, answer, rest);
  }
  return found;
}

type Found = { groupVersions: string[]; resources: Resource[]; failed: { groupVersion: string; error: unknown }[] };

function addAggregated(into: Found, list: GroupDiscoveryList): void {
  for (const group of list.items ?? []) {
    const groupName = group.metadata?.name ?? '';
    for (const { version, resources, freshness } of group.versions ?? []) {
      const apiVersion = groupName === '' ? version : `${groupName}/${version}`;
      into.groupVersions.push(apiVersion);
      if (freshness === 'Stale') {
        // What was there once does not count as there.
        into.failed.push({ groupVersion: apiVersion, error: new Error(`stale GroupVersion discovery: ${apiVersion}`) });
        continue;
      }
      for (const each of resources ?? []) {
        into.resources.push({
          group: groupName,
          version,
          apiVersion,
          name: each.resource,
          singular: each.singularResource || (each.responseKind?.kind ?? '').toLowerCase(),
          kind: each.responseKind?.kind ?? '',
          namespaced: each.scope === 'Namespaced',
          shortNames: each.shortNames ?? [],
          categories: each.categories ?? [],
          verbs: each.verbs,
        });
      }
    }
  }
}

async function addLegacy(into: Found, answer: LegacyGroups, rest: Rest): Promise<void> {
  const groupVersions = answer.versions
    ? answer.versions
    : (answer.groups ?? []).flatMap((group) => {
        const preferred = group.preferredVersion.groupVersion;
        return [preferred, ...group.versions.map((each) => each.groupVersion).filter((each) => each !== preferred)];
      });
  const lists = await Promise.all(
    groupVersions.map(async (groupVersion) => {
      try {
        const path = groupVersion.includes('/') ? `/apis/${groupVersion}` : `/api/${groupVersion}`;
        return { groupVersion, list: await rest.json<LegacyResources>('GET', path) };
      } catch (error) {
        return { groupVersion, error };
      }
    }),
  );
  for (const { groupVersion, list, error } of lists) {
    into.groupVersions.push(groupVersion);
    if (!list) {
      into.failed.push({ groupVersion, error });
      continue;
    }
    const slash = groupVersion.indexOf('/');
    const group = slash < 0 ? '' : groupVersion.slice(0, slash);
    for (const each of list.resources ?? []) {
      if (each.name.includes('/')) continue;
      into.resources.push({
        group,
        version: groupVersion.slice(slash + 1),
        apiVersion: groupVersion,
        name: each.name,
        singular: each.singularName || each.kind.toLowerCase(),
        kind: each.kind,
        namespaced: each.namespaced,
        shortNames: each.shortNames ?? [],
        categories: each.categories ?? [],
        verbs: each.verbs ?? [],
      });
    }
  }
}
