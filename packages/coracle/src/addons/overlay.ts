import type { ClusterRole, ClusterRoleBinding } from '@coracle/api/types/rbac/v1';

const name = 'system:overlay';
const rbac = 'rbac.authorization.k8s.io';

const role: ClusterRole = {
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRole',
  metadata: { name },
  rules: [
    { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: [''], resources: ['nodes/status'], verbs: ['patch'] },
  ],
};

const binding: ClusterRoleBinding = {
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name },
  roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
  subjects: [{ apiGroup: rbac, kind: 'User', name }],
};

/** What the overlay may do where nodes get their pods' addresses from the API: read nodes, and note on its own how others reach it. */
export const overlayAccess = [role, binding];
