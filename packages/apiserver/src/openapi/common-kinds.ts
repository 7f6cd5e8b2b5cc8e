import type { Json } from './schemas.ts';

/** The group-versions that clients know kinds of all groups in, which schemas of custom resources list. */
const ofClients: Readonly<Record<string, readonly string[]>> = {
  '': ['v1'],
  'admissionregistration.k8s.io': ['v1', 'v1alpha1', 'v1beta1'],
  apps: ['v1', 'v1beta1', 'v1beta2'],
  'authentication.k8s.io': ['v1', 'v1alpha1', 'v1beta1'],
  'authorization.k8s.io': ['v1', 'v1beta1'],
  autoscaling: ['v1', 'v2'],
  batch: ['v1', 'v1beta1'],
  'certificates.k8s.io': ['v1', 'v1alpha1', 'v1beta1'],
  'coordination.k8s.io': ['v1', 'v1alpha2', 'v1beta1'],
  'discovery.k8s.io': ['v1', 'v1beta1'],
  'events.k8s.io': ['v1', 'v1beta1'],
  extensions: ['v1beta1'],
  'flowcontrol.apiserver.k8s.io': ['v1', 'v1beta1', 'v1beta2', 'v1beta3'],
  'internal.apiserver.k8s.io': ['v1alpha1'],
  'networking.k8s.io': ['v1', 'v1beta1'],
  'node.k8s.io': ['v1', 'v1alpha1', 'v1beta1'],
  policy: ['v1', 'v1beta1'],
  'rbac.authorization.k8s.io': ['v1', 'v1alpha1', 'v1beta1'],
  'resource.k8s.io': ['v1', 'v1alpha3', 'v1beta1', 'v1beta2'],
  'scheduling.k8s.io': ['v1', 'v1alpha2', 'v1beta1'],
  'storage.k8s.io': ['v1', 'v1alpha1', 'v1beta1'],
  'storagemigration.k8s.io': ['v1beta1'],
};

const ofServers: typeof ofClients = {
  ...ofClients,
  'admission.k8s.io': ['v1', 'v1beta1'],
  'apiextensions.k8s.io': ['v1', 'v1beta1'],
  'apiregistration.k8s.io': ['v1', 'v1beta1'],
  'imagepolicy.k8s.io': ['v1alpha1'],
};

/** The types that each group-version has as kinds of its own. */
const everywhere: Readonly<Record<string, string>> = {
  'meta/v1.DeleteOptions': 'DeleteOptions',
  'meta/v1.WatchEvent': 'WatchEvent',
};

/** The kinds that are of no resource. */
const elsewhere: Readonly<Record<string, Json>> = {
  'policy/v1.Eviction': { group: 'policy', kind: 'Eviction', version: 'v1' },
  ...Object.fromEntries(
    ['Status', 'APIResourceList', 'APIGroup', 'APIGroupList', 'APIVersions'].map((kind) => [
      `meta/v1.${kind}`,
      { group: '', kind, version: 'v1' },
    ]),
  ),
};

/**
 * What a document is about: all that is served, a group-version that is built in (which lists itself and the core's for kinds of all groups), or custom
 * resources.
 */
export type DocumentScope = 'all' | 'custom' | { readonly group: string; readonly version: string };

/** The `x-kubernetes-group-version-kind` of a type that no resource is of; undefined: it has none. Groups and versions in their alphabet. */
export function commonKinds(type: string, scope: DocumentScope): Json[] | undefined {
  const kind = everywhere[type];
  if (kind === undefined) return elsewhere[type] && [elsewhere[type]];
  const listed = Object.entries(scope === 'custom' ? ofClients : ofServers)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([group, versions]) => versions.map((version) => ({ group, kind, version })));
  if (typeof scope === 'string') return listed;
  const isAbout = (group: string, version: string) => group === scope.group && version === scope.version;
  return listed.filter(({ group, version }) => isAbout(group, version) || (group === '' && version === 'v1'));
}
