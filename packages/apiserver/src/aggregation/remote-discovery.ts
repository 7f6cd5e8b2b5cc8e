import { decodeJson } from '@coracle/api/codec/json';
import { decodeObject } from '@coracle/api/codec/strict';
import { objectSchemaOf } from '@coracle/api/schema';
import type {
  APIGroupDiscoveryList,
  APIResourceDiscovery,
  APISubresourceDiscovery,
  APIVersionDiscovery,
} from '@coracle/api/types/apidiscovery/v2';
import type { APIResource, APIResourceList, GroupVersionKind } from '@coracle/api/types/meta/v1';
import { aggregatedType } from '../discovery/aggregated.ts';
import type { RemoteAnswer } from './ask.ts';
import type { RemoteServer } from './remote-server.ts';

/** Servers of before v1.30 call the same form v2beta1. */
const accepted = `${aggregatedType},${aggregatedType.replace('v=v2;', 'v=v2beta1;')}`;

/** Asks an extension server for a path. */
export type Get = (path: string, headers: Readonly<Record<string, string>>) => Promise<RemoteAnswer>;

/**
 * What an extension server says of its group-version: aggregated discovery (KEP-3352), or the list of resources where it has that only, whatever it
 * answers instead. Throws where it says neither, and where what it says is not of its type.
 */
export async function discoverRemote(remote: RemoteServer, get: Get): Promise<APIVersionDiscovery> {
  const all = await get('/apis', { Accept: accepted });
  const { group, version, service } = remote;
  if (all.code === 503) {
    const place = `${service.namespace}/${service.name}:${service.port}`;
    throw new Error(`service ${place} returned non-success response code: 503`);
  }
  if (all.code === 200 && isAggregated(all.headers['content-type'])) {
    const { items } = read<APIGroupDiscoveryList>(all, 'apidiscovery/v2.APIGroupDiscoveryList');
    const found = items?.filter(({ metadata }) => metadata?.name === group).flatMap(({ versions }) => versions ?? []);
    const one = found?.findLast((each) => each.version === version);
    const resources = one?.resources?.map(withKinds);
    return { ...one, ...(resources ? { resources } : {}), version, freshness: 'Current' };
  }
  const path = `/apis/${group}/${version}`;
  const one = await get(path, { Accept: 'application/json' });
  if (one.code !== 200) throw new Error(`failed to download legacy discovery for ${path}: ${one.code}`);
  const { resources } = read<APIResourceList>(one, 'meta/v1.APIResourceList');
  return { version, resources: aggregated(resources ?? []), freshness: 'Current' };
}

/** By the type alone: a server that has the older form only may answer 200, too. */
function isAggregated(type: string | undefined): boolean {
  const parameters = new Set((type ?? '').split(';').map((each) => each.trim()));
  const is = (...wanted: string[]) => wanted.some((each) => parameters.has(each));
  return is('g=apidiscovery.k8s.io') && is('v=v2', 'v=v2beta1') && is('as=APIGroupDiscoveryList');
}

const read = <T extends object>({ body }: RemoteAnswer, type: string): Partial<T> =>
  decodeObject<T>(decodeJson(body).value, objectSchemaOf(type)).object;

const noKind: GroupVersionKind = { group: '', version: '', kind: '' };

/** Clients of before v1.26.4 count on kinds. */
function withKinds(resource: APIResourceDiscovery): APIResourceDiscovery {
  const { responseKind = noKind, subresources } = resource;
  return {
    ...resource,
    responseKind,
    ...(subresources
      ? { subresources: subresources.map((each) => ({ ...each, responseKind: each.responseKind ?? noKind })) }
      : {}),
  };
}

/** The resources of the older form in the newer one. A subresource whose resource is not listed brings one without verbs. */
function aggregated(list: readonly APIResource[]): APIResourceDiscovery[] {
  const found = new Map<string, APIResourceDiscovery>();
  const kindOf = ({ group = '', version = '', kind }: APIResource) => ({ group, version, kind });
  const scopeOf = ({ namespaced }: APIResource) => (namespaced ? 'Namespaced' : 'Cluster');
  for (const each of list) {
    const { name, singularName, verbs, shortNames, categories } = each;
    if (name.includes('/')) continue;
    found.set(name, {
      resource: name,
      responseKind: kindOf(each),
      scope: scopeOf(each),
      singularResource: singularName,
      verbs,
      ...(shortNames ? { shortNames } : {}),
      ...(categories ? { categories } : {}),
    });
  }
  for (const each of list) {
    const end = each.name.indexOf('/');
    if (end < 0) continue;
    const resource = each.name.slice(0, end);
    const scope = scopeOf(each);
    const owner = found.get(resource) ?? { resource, responseKind: noKind, scope, singularResource: '', verbs: [] };
    if (owner.scope !== scope) {
      const of = `Parent ${resource} (scope: ${owner.scope}) and subresource ${each.name.slice(end + 1)} (scope: ${scope})`;
      throw new Error(`Error: ${of} scope do not match`);
    }
    const sub: APISubresourceDiscovery = {
      subresource: each.name.slice(end + 1),
      responseKind: each.kind === '' ? noKind : kindOf(each),
      verbs: each.verbs,
    };
    owner.subresources = [...(owner.subresources ?? []), sub];
    found.set(resource, owner);
  }
  return [...found.values()];
}
