/** How early clients prefer a group among groups, and a version among those of its group: higher before lower. */
export interface Priority {
  readonly group: number;
  readonly version: number;
}

/** Upstream's priorities of the groups it builds in. */
const groups: Readonly<Record<string, number>> = {
  'apiregistration.k8s.io': 20_000, // ahead of all others: upstream's aggregator lists itself first
  '': 18_000,
  apps: 17_800,
  'events.k8s.io': 17_750,
  'authentication.k8s.io': 17_700,
  'authorization.k8s.io': 17_600,
  autoscaling: 17_500,
  batch: 17_400,
  'certificates.k8s.io': 17_300,
  'networking.k8s.io': 17_200,
  policy: 17_100,
  'rbac.authorization.k8s.io': 17_000,
  'storage.k8s.io': 16_800,
  'admissionregistration.k8s.io': 16_700,
  'apiextensions.k8s.io': 16_700,
  'scheduling.k8s.io': 16_600,
  'coordination.k8s.io': 16_500,
  'node.k8s.io': 16_300,
  'discovery.k8s.io': 16_200,
  'flowcontrol.apiserver.k8s.io': 16_100,
  'internal.apiserver.k8s.io': 16_000,
  'resource.k8s.io': 15_900,
  'storagemigration.k8s.io': 15_800,
};

/** Versions that stand elsewhere than the others of their stability. */
const versions: Readonly<Record<string, number>> = {
  '/v1': 1,
  'autoscaling/v2': 30,
  'flowcontrol.apiserver.k8s.io/v1': 21,
};

/** The priorities that custom resources have, all the same. */
export const customPriority: Priority = { group: 1000, version: 100 };

/** The priorities of a group-version that the server itself has; those of custom resources where it is none of the built-in ones. */
export function builtinPriority(group: string, version: string): Priority {
  const ofGroup = groups[group];
  if (ofGroup === undefined) return customPriority;
  const byStability = version.includes('alpha') ? 1 : version.includes('beta') ? 9 : 15;
  return { group: ofGroup, version: versions[`${group}/${version}`] ?? byStability };
}
