import { createHash } from 'node:crypto';
import type { AnyKind } from '@coracle/api/kind';
import type {
  APIGroupDiscoveryList,
  APIResourceDiscovery,
  APIVersionDiscovery,
} from '@coracle/api/types/apidiscovery/v2';
import type { SubresourceTable } from '../registry/strategy.ts';
import { apiVersionOf, noRegistrations, type Registrations, servedGroups } from './groups.ts';
import { isServed, subresourcesOf, verbsOf } from './resources.ts';

/** What a client puts into Accept to get all groups in one answer (KEP-3352). */
export const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** The aggregated answer at `/api` (the core group) or `/apis` (all others), and the ETag that tells whether it changed. */
export function aggregatedDiscovery(
  root: 'api' | 'apis',
  kinds: readonly AnyKind[],
  table: SubresourceTable,
  registrations: Registrations = noRegistrations,
): { body: APIGroupDiscoveryList; etag: string } {
  const own = (group: string, version: string): APIVersionDiscovery => ({
    version,
    resources: kinds
      .filter((kind) => kind.group === group && kind.version === version && isServed(kind))
      .sort((a, b) => (a.plural < b.plural ? -1 : 1))
      .map((kind) => discoveryOf(kind, table)),
    freshness: 'Current',
  });
  const groups = [...servedGroups(kinds, registrations)].filter(([name]) => (name === '') === (root === 'api'));
  const body: APIGroupDiscoveryList = {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map(([name, versions]) => ({
      metadata: name === '' ? {} : { name },
      versions: versions.map(
        (version) => registrations.get(apiVersionOf(name, version))?.remote?.() ?? own(name, version),
      ),
    })),
  };
  const etag = createHash('sha512').update(JSON.stringify(body)).digest('hex').toUpperCase();
  return { body, etag: `"${etag}"` };
}

function discoveryOf(kind: AnyKind, table: SubresourceTable): APIResourceDiscovery {
  const { group, version, plural, singular, namespaced, shortNames, categories } = kind;
  const subresources = subresourcesOf(kind, table).map(({ name, verbs, body }) => ({
    subresource: name,
    responseKind: body,
    verbs,
  }));
  return {
    resource: plural,
    responseKind: { group, version, kind: kind.kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: verbsOf(kind),
    ...(shortNames.length > 0 && { shortNames: [...shortNames] }),
    ...(categories.length > 0 && { categories: [...categories] }),
    ...(subresources.length > 0 && { subresources }),
  };
}
