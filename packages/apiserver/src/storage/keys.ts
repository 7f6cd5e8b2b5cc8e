import type { AnyKind } from '@coracle/api/kind';

/** Where all objects live in the store. */
export const root = '/registry/';

/** Resources whose place in the store is not their plural name, as upstream laid them out; by `plural.group`. */
const specialPlaces: Readonly<Record<string, string>> = {
  services: 'services/specs',
  endpoints: 'services/endpoints',
  nodes: 'minions',
  replicationcontrollers: 'controllers',
  'ingresses.networking.k8s.io': 'ingress',
  'customresourcedefinitions.apiextensions.k8s.io': 'apiextensions.k8s.io/customresourcedefinitions',
  'apiservices.apiregistration.k8s.io': 'apiregistration.k8s.io/apiservices',
};

/** The kind in whose form a kind's objects are stored: its own, except for the newer form of events. */
export function storageKind(kind: AnyKind): AnyKind {
  return kind.storedAs?.kind() ?? kind;
}

/** The prefix of a kind's keys, `/registry/pods/`. */
export function prefixOf(kind: AnyKind): string {
  const stored = storageKind(kind);
  if (stored.dynamic) return stored.dynamic.prefix;
  const resource = stored.group === '' ? stored.plural : `${stored.plural}.${stored.group}`;
  return `${root}${specialPlaces[resource] ?? stored.plural}/`;
}

/** An object's key below its kind's prefix: `namespace/name`, or `name`. */
export function relativeKey(name: string, namespace: string | undefined): string {
  return namespace ? `${namespace}/${name}` : name;
}
