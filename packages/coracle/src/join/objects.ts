import { clusterInfo, clusterInfoKubeconfigKey } from '@coracle/api/bootstrap/cluster-info';
import type { KubeObject } from '@coracle/api/kind';
import type { ConfigMap } from '@coracle/api/types/core/v1';
import type { ClusterRoleBinding, Role, RoleBinding, Subject } from '@coracle/api/types/rbac/v1';
import type { ClusterAccess } from './discovery.ts';
import { defaultNodeGroup } from './token.ts';

const rbac = 'rbac.authorization.k8s.io';
const requests = 'system:certificates.k8s.io:certificatesigningrequests';

/**
 * What a cluster needs in its API so that nodes can join with a token: cluster-info, which everybody may read, and the rights of
 * whoever holds a token of the default group: to ask for a node's certificate, and to have it approved without a person. Nodes renew
 * theirs by themselves. The same objects each time: to be applied. The API server needs `--enable-bootstrap-token-auth`, the controller
 * manager `--controllers=*,bootstrapsigner,tokencleaner` and an authority to sign with.
 */
export function joinObjects(access: ClusterAccess): KubeObject[] {
  return [
    info(access),
    infoRole,
    infoBinding,
    binding('coracle:kubelet-bootstrap', 'system:node-bootstrapper', defaultNodeGroup),
    binding('coracle:node-autoapprove-bootstrap', `${requests}:nodeclient`, defaultNodeGroup),
    binding('coracle:node-autoapprove-certificate-rotation', `${requests}:selfnodeclient`, 'system:nodes'),
  ];
}

/** The kubeconfig in cluster-info: where the cluster is and whom to believe, without any credentials. */
export function clusterInfoKubeconfig({ server, authority }: ClusterAccess): string {
  return `apiVersion: v1
kind: Config
clusters:
- name: ""
  cluster:
    server: ${server}
    certificate-authority-data: ${Buffer.from(authority).toString('base64')}
contexts: []
users: []
current-context: ""
preferences: {}
`;
}

const info = (access: ClusterAccess): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { ...clusterInfo },
  data: { [clusterInfoKubeconfigKey]: clusterInfoKubeconfig(access) },
});

const infoReader = 'coracle:bootstrap-signer-clusterinfo';

const infoRole: Role = {
  apiVersion: `${rbac}/v1`,
  kind: 'Role',
  metadata: { name: infoReader, namespace: clusterInfo.namespace },
  rules: [{ apiGroups: [''], resources: ['configmaps'], resourceNames: [clusterInfo.name], verbs: ['get'] }],
};

const infoBinding: RoleBinding = {
  apiVersion: `${rbac}/v1`,
  kind: 'RoleBinding',
  metadata: { name: infoReader, namespace: clusterInfo.namespace },
  roleRef: { apiGroup: rbac, kind: 'Role', name: infoReader },
  subjects: [{ apiGroup: rbac, kind: 'User', name: 'system:anonymous' }],
};

function binding(name: string, role: string, group: string): ClusterRoleBinding {
  const subjects: Subject[] = [{ apiGroup: rbac, kind: 'Group', name: group }];
  return {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
    subjects,
  };
}
