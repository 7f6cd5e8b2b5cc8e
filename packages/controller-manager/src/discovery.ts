import type { AnyKind, Verb } from '@coracle/api/kind';
import { resourceName } from '@coracle/api/meta/status';
import type { APIGroupList, APIResourceList } from '@coracle/api/types/meta/v1';
import type { Client } from '@coracle/client';

/** A served resource: enough of a kind to list, watch and delete it without knowing its fields. */
export interface Resource {
  kind: AnyKind;
  verbs: ReadonlySet<string>;
}

/** `deployments.apps`, `pods`, whatever the version. */
export const nameOf = (kind: AnyKind): string => resourceName({ group: kind.group, resource: kind.plural });

/** `apps/v1/deployments`. */
export const versionedNameOf = (kind: AnyKind): string => `${kind.apiVersion}/${kind.plural}`;

/** What the server serves; groups whose discovery failed are named, their resources are unknown. */
export interface Discovered {
  resources: Resource[];
  failed: { groupVersion: string; error: Error }[];
}

/** Asks the server for its resources: each group in its preferred version, no subresources. */
export async function discover(client: Client): Promise<Discovered> {
  const groups = (await client.request('GET', '/apis')).json() as APIGroupList;
  const versions = ['v1', ...groups.groups.map((group) => (group.preferredVersion ?? group.versions[0]!).groupVersion)];
  const discovered: Discovered = { resources: [], failed: [] };
  const answers = await Promise.allSettled(versions.map((version) => resourcesOf(client, version)));
  for (const [i, answer] of answers.entries()) {
    if (answer.status === 'fulfilled') discovered.resources.push(...answer.value);
    else discovered.failed.push({ groupVersion: versions[i]!, error: answer.reason as Error });
  }
  return discovered;
}

async function resourcesOf(client: Client, groupVersion: string): Promise<Resource[]> {
  const path = groupVersion === 'v1' ? '/api/v1' : `/apis/${groupVersion}`;
  const list = (await client.request('GET', path)).json() as APIResourceList;
  return list.resources
    .filter((each) => !each.name.includes('/'))
    .map(({ name, kind, namespaced, verbs }) => {
      const slash = groupVersion.indexOf('/');
      const group = slash < 0 ? '' : groupVersion.slice(0, slash);
      const version = groupVersion.slice(slash + 1);
      return {
        verbs: new Set(verbs),
        kind: {
          kind,
          plural: name,
          singular: kind.toLowerCase(),
          namespaced,
          group,
          version,
          apiVersion: groupVersion,
          listKind: `${kind}List`,
          shortNames: [],
          categories: [],
          verbs: verbs as Verb[],
          type: '',
        },
      };
    });
}
