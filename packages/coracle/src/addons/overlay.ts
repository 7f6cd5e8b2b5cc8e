import { clusterRole } from '@coracle/api/rbac/v1/clusterrole';
import { clusterRoleBinding } from '@coracle/api/rbac/v1/clusterrolebinding';
import { addonObject } from './addon.ts';

const name = 'system:overlay';
const apiGroup = 'rbac.authorization.k8s.io';

/** What the overlay may do where nodes get their pods' addresses from the API: read nodes, and note on its own how others reach it. */
export const overlayAccess = [
  addonObject(clusterRole, {
    metadata: { name },
    rules: [
      { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: [''], resources: ['nodes/status'], verbs: ['patch'] },
    ],
  }),
  addonObject(clusterRoleBinding, {
    metadata: { name },
    roleRef: { apiGroup, kind: 'ClusterRole', name },
    subjects: [{ apiGroup, kind: 'User', name }],
  }),
];
