import { clusterInfo, clusterInfoKubeconfigKey } from '@coracle/api/bootstrap/cluster-info';
import { configMap } from '@coracle/api/core/v1/configmap';
import { clusterRoleBinding } from '@coracle/api/rbac/v1/clusterrolebinding';
import { role } from '@coracle/api/rbac/v1/role';
import { roleBinding } from '@coracle/api/rbac/v1/rolebinding';
import type { ConfigMap } from '@coracle/api/types/core/v1';
import type { ClusterRoleBinding, Role, RoleBinding } from '@coracle/api/types/rbac/v1';
import { type AddonObject, addonObject } from '../addons/addon.ts';
import type { ClusterAccess } from './discovery.ts';
import { defaultNodeGroup } from './token.ts';

const rbac = 'rbac.authorization.k8s.io';
const requests = 'system:certificates.k8s.io:certificatesigningrequests';

/**
 * What a cluster needs in its API so that nodes can join with a token: cluster-info, which everybody may read, and the rights of
 * whoever holds a token of the default group: to ask for a node's certificate, and to have it approved without a person. Nodes renew
 * theirs by themselves. To be applied, as often as one likes. The API server needs `--enable-bootstrap-token-auth`, the controller
 * manager `--controllers=*,bootstrapsigner,tokencleaner` and an authority to sign with.
 */
export function joinObjects(access: ClusterAccess): AddonObject[] {
  return [
    addonObject(configMap, info(access)),
    addonObject(role, infoRole),
    addonObject(roleBinding, infoBinding),
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
  metadata: { ...clusterInfo },
  data: { [clusterInfoKubeconfigKey]: clusterInfoKubeconfig(access) },
});

const infoReader = 'coracle:bootstrap-signer-clusterinfo';

const infoRole: Role = {
  metadata: { name: infoReader, namespace: clusterInfo.namespace },
  rules: [{ apiGroups: [''], resources: ['configmaps'], resourceNames: [clusterInfo.name], verbs: ['get'] }],
};

const infoBinding: RoleBinding = {
  metadata: { name: infoReader, namespace: clusterInfo.namespace },
  roleRef: { apiGroup: rbac, kind: 'Role', name: infoReader },
  subjects: [{ apiGroup: rbac, kind: 'User', name: 'system:anonymous' }],
};

function binding(name: string, clusterRole: string, group: string): AddonObject {
  return addonObject<ClusterRoleBinding>(clusterRoleBinding, {
    metadata: { name },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: clusterRole },
    subjects: [{ apiGroup: rbac, kind: 'Group', name: group }],
  });
}
