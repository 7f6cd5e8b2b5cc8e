import { createHash } from 'node:crypto';
import type { AnyKind } from '@coracle/api/kind';
import type { APIResource, APIResourceList } from '@coracle/api/types/meta/v1';
import { isStored } from '../registry/registry.ts';
import { resourceKey, type SubresourceTable } from '../registry/strategy.ts';
import { storageKind } from '../storage/keys.ts';

/** A subresource as discovery shows it. */
export interface DiscoveredSubresource {
  name: string;
  verbs: string[];
  body: { group: string; version: string; kind: string };
}

const verbOfMethod: Readonly<Record<string, string>> = {
  GET: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};
const statusVerbs = ['get', 'patch', 'update'];

/** The verbs of custom resources, in the order upstream has them in. */
const customVerbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const verbsOfTheGoing = new Set(['delete', 'deletecollection', 'get', 'list', 'watch']);

/** The verbs of a kind as discovery shows them; a custom resource whose definition is being deleted has those left that make nothing. */
export function verbsOf({ dynamic, verbs }: AnyKind): string[] {
  if (!dynamic) return [...verbs].sort();
  return dynamic.closed() === undefined ? customVerbs : customVerbs.filter((verb) => verbsOfTheGoing.has(verb));
}

/** The subresources of a kind: those its declaration gives it, and those the server adds; sorted by name, but for those of custom resources. */
export function subresourcesOf(kind: AnyKind, table: SubresourceTable): DiscoveredSubresource[] {
  const found: DiscoveredSubresource[] = [];
  const own = { group: kind.group, version: kind.version, kind: kind.kind };
  if (kind.subresources?.status) found.push({ name: 'status', verbs: statusVerbs, body: own });
  if (kind.subresources?.scale)
    found.push({ name: 'scale', verbs: statusVerbs, body: { group: 'autoscaling', version: 'v1', kind: 'Scale' } });
  const prefix = `${resourceKey(kind)}/`;
  for (const [key, { methods, body }] of Object.entries(table)) {
    if (!key.startsWith(prefix)) continue;
    const verbs = methods.map((method) => verbOfMethod[method]).filter((verb) => verb !== undefined);
    found.push({ name: key.slice(prefix.length), verbs: [...new Set(verbs)].sort(), body });
  }
  return kind.dynamic ? found : found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether a kind has a place of its own in the API (some appear only as the body of a subresource). */
export const isServed = (kind: AnyKind): boolean => kind.verbs.length > 0;

/** The APIResourceList of one group-version (`/api/v1`, `/apis/apps/v1`), sorted by name as upstream's. */
export function resourceList(apiVersion: string, kinds: readonly AnyKind[], table: SubresourceTable): APIResourceList {
  const resources = kinds
    .filter((kind) => kind.apiVersion === apiVersion && isServed(kind))
    .sort((a, b) => (a.plural < b.plural ? -1 : 1))
    .flatMap((kind) => rows(kind, table));
  return {
    kind: 'APIResourceList',
    ...(apiVersion === 'v1' ? {} : { apiVersion: 'v1' }),
    groupVersion: apiVersion,
    resources,
  };
}

/** Tells in which version objects are stored: it changes when that does, and with it what there is should be written anew. */
function storageVersionHash(of: AnyKind): string {
  const { group, version, kind } = storageKind(of);
  return createHash('sha256').update(`${group}/${version}/${kind}`).digest().subarray(0, 8).toString('base64');
}

function rows(kind: AnyKind, table: SubresourceTable): APIResource[] {
  const { plural, singular, namespaced, shortNames, categories } = kind;
  const main: APIResource = {
    name: plural,
    singularName: singular,
    namespaced,
    kind: kind.kind,
    verbs: verbsOf(kind),
  };
  if (shortNames.length > 0) main.shortNames = [...shortNames];
  if (categories.length > 0) main.categories = [...categories];
  if (isStored(kind)) main.storageVersionHash = storageVersionHash(kind);
  const subs = subresourcesOf(kind, table).map(({ name, verbs, body }): APIResource => {
    const foreign = body.group !== kind.group || body.version !== kind.version;
    const owner = foreign ? { group: body.group, version: body.version } : {};
    return { name: `${plural}/${name}`, singularName: '', namespaced, ...owner, kind: body.kind, verbs };
  });
  return [main, ...subs];
}
