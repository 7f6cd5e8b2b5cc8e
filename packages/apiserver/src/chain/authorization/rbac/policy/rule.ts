import type { PolicyRule } from '@coracle/api/types/rbac/v1';

export const read = 'get list watch';
export const write = 'create delete deletecollection patch update';
export const readWrite = `${read} ${write}`;
export const readUpdate = 'get list watch update patch';

/** The core group, in the notation of `on`. */
export const core = 'core';

/** A rule on resources, each argument a list of words: `on('get list', 'apps extensions', 'deployments', 'web')`. */
export function on(verbs: string, groups: string, resources: string, names?: string): PolicyRule {
  return {
    verbs: words(verbs),
    apiGroups: words(groups)
      .map((group) => (group === core ? '' : group))
      .sort(),
    resources: words(resources),
    ...(names === undefined ? {} : { resourceNames: words(names) }),
  };
}

/** A rule on paths that are no resources. */
export function onPaths(verbs: string, paths: string): PolicyRule {
  return { verbs: words(verbs), nonResourceURLs: words(paths) };
}

/** Recording events, in either group. */
export const events: PolicyRule = on('create patch update', 'core events.k8s.io', 'events');

function words(text: string): string[] {
  return [...new Set(text.split(/\s+/).filter((word) => word !== ''))].sort();
}
