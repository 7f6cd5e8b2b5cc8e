import type {
  APIGroupDiscoveryList,
  APIResourceDiscovery,
  APISubresourceDiscovery,
  APIVersionDiscovery,
} from '@coracle/api/types/apidiscovery/v2';
import type { APIResource, APIResourceList } from '@coracle/api/types/meta/v1';
import { aggregatedType } from '../discovery/aggregated.ts';
import type { RemoteAnswer } from './ask.ts';
import type { RemoteServer } from './remote-server.ts';

/** Servers of before v1.30 call the same form v2beta1; those that know neither list their groups only. */
const accepted = `${aggregatedType},${aggregatedType.replace('v=v2;', 'v=v2beta1;')},application/json`;

/** Asks an extension server for a path. */
export type Get = (path: string, headers: Readonly<Record<string, string>>) => Promise<RemoteAnswer>;

/**
 * What an extension server says of its group-version: aggregated discovery (KEP-3352), or the list of resources where it has that only. Throws where
 * it says neither.
 */
export async function discoverRemote(remote: RemoteServer, get: Get): Promise<APIVersionDiscovery> {
  const all = await get('/apis', { Accept: accepted });
  const parsed = all.code === 200 ? (json(all) as Partial<APIGroupDiscoveryList>) : undefined;
  const { group, version } = remote;
  if (parsed?.kind === 'APIGroupDiscoveryList') {
    const found = parsed.items?.find((each) => each.metadata.name === group);
    return { ...found?.versions?.find((each) => each.version === version), version, freshness: 'Current' };
  }
  if (all.code >= 500) throw new Error(`${remote.name} answers discovery with code ${all.code}`);
  const path = `/apis/${group}/${version}`;
  const one = await get(path, { Accept: 'application/json' });
  if (one.code !== 200) throw new Error(`failed to download discovery for ${path}: ${one.code}`);
  const { resources = [] } = json(one) as Partial<APIResourceList>;
  return { version, resources: aggregated(resources, remote), freshness: 'Current' };
}

function json({ body }: RemoteAnswer): object {
  const value: unknown = JSON.parse(body.toString('utf8'));
  if (typeof value !== 'object' || value === null) throw new Error('the answer is no object');
  return value;
}

/** The resources of the older form in the newer one. */
function aggregated(list: readonly APIResource[], remote: RemoteServer): APIResourceDiscovery[] {
  const found = new Map<string, APIResourceDiscovery>();
  const kindOf = ({ group, version, kind }: APIResource) => ({
    group: group ?? remote.group,
    version: version ?? remote.version,
    kind,
  });
  for (const each of list) {
    const { name, namespaced, singularName, verbs, shortNames, categories } = each;
    if (name.includes('/')) continue;
    found.set(name, {
      resource: name,
      responseKind: kindOf(each),
      scope: namespaced ? 'Namespaced' : 'Cluster',
      singularResource: singularName,
      verbs,
      ...(shortNames ? { shortNames } : {}),
      ...(categories ? { categories } : {}),
    });
  }
  for (const each of list) {
    const [resource = '', subresource] = each.name.split('/');
    const owner = found.get(resource);
    if (subresource === undefined || !owner) continue;
    const sub: APISubresourceDiscovery = { subresource, responseKind: kindOf(each), verbs: each.verbs };
    owner.subresources = [...(owner.subresources ?? []), sub];
  }
  return [...found.values()];
}
