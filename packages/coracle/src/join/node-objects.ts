import { configMap } from '@coracle/api/core/v1/configmap';
import { secret } from '@coracle/api/core/v1/secret';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import { clusterRole } from '@coracle/api/rbac/v1/clusterrole';
import { clusterRoleBinding } from '@coracle/api/rbac/v1/clusterrolebinding';
import { role } from '@coracle/api/rbac/v1/role';
import { roleBinding } from '@coracle/api/rbac/v1/rolebinding';
import type { PolicyRule, Subject } from '@coracle/api/types/rbac/v1';
import { version } from '@coracle/api/version';
import { type AddonObject, addonObject } from '../addons/addon.ts';
import { type Cluster, clusterDomain, controlPlanes, dnsAddress } from '../cluster/cluster.ts';
import { etcdClientUrl } from '../components/etcd.ts';
import { type NodeSettings, nodeObjects } from './node-settings.ts';
import { defaultNodeGroup } from './token.ts';

const { namespace } = nodeObjects;
const apiGroup = 'rbac.authorization.k8s.io';
const group = (name: string): Subject => ({ apiGroup, kind: 'Group', name });
const account = (name: string): Subject => ({ kind: 'ServiceAccount', name, namespace });

/**
 * What a cluster has in its API for machines that join, beside `joinObjects`: its settings, what kube-proxy and the overlay show as clients there,
 * the right of whoever holds a token to read exactly these, and of a node to leave. `pki` reads a file of the cluster's pki folder.
 */
export function nodeJoinObjects(cluster: Cluster, pki: (file: string) => string): AddonObject[] {
  const ofEtcd = cluster.overlay.subnetSource === 'etcd';
  const secrets = [nodeObjects.proxy.token, ofEtcd ? nodeObjects.overlayEtcd : nodeObjects.overlay.token];
  return [
    addonObject(configMap, {
      metadata: { name: nodeObjects.settings, namespace },
      data: { [nodeObjects.settingsKey]: `${JSON.stringify(settingsOf(cluster), undefined, 2)}\n` },
    }),
    ...credentials(nodeObjects.proxy),
    bound('coracle:kube-proxy', 'system:node-proxier', account(nodeObjects.proxy.account)),
    ...(ofEtcd
      ? [overlayEtcd(pki)]
      : [
          ...credentials(nodeObjects.overlay),
          bound('coracle:overlay', 'system:overlay', account(nodeObjects.overlay.account)),
        ]),
    addonObject(role, {
      metadata: { name: 'coracle:node-join', namespace },
      rules: [
        { apiGroups: [''], resources: ['configmaps'], resourceNames: [nodeObjects.settings], verbs: ['get'] },
        { apiGroups: [''], resources: ['secrets'], resourceNames: secrets, verbs: ['get'] },
      ],
    }),
    addonObject(roleBinding, {
      metadata: { name: 'coracle:node-join', namespace },
      roleRef: { apiGroup, kind: 'Role', name: 'coracle:node-join' },
      subjects: [group(defaultNodeGroup)],
    }),
    // A machine must not take the place of a node that is there.
    ...allowed('coracle:get-nodes', group(defaultNodeGroup), [
      { apiGroups: [''], resources: ['nodes'], verbs: ['get'] },
    ]),
    // NodeRestriction sees to it that a node deletes no Node but its own.
    ...allowed('coracle:node-leave', group('system:nodes'), [
      { apiGroups: [''], resources: ['nodes'], verbs: ['delete'] },
    ]),
    ...allowed('coracle:kubelet-serving-approver', account('kubelet-serving-approver'), approving),
  ];
}

/** The controller that approves the serving certificates of joined nodes, and what it looks at. */
const approving: PolicyRule[] = [
  { apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests/approval'], verbs: ['update'] },
  {
    apiGroups: ['certificates.k8s.io'],
    resources: ['signers'],
    resourceNames: ['kubernetes.io/kubelet-serving'],
    verbs: ['approve'],
  },
  { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: [''], resources: ['services'], resourceNames: ['kubernetes'], verbs: ['get'] },
  { apiGroups: [''], resources: ['configmaps'], resourceNames: ['cluster-info'], verbs: ['get'] },
];

/** The settings machines get that join a cluster. */
export function settingsOf(cluster: Cluster): NodeSettings {
  const { flags, kubelet } = cluster.components;
  const servers = controlPlanes(cluster);
  return {
    version: version.gitVersion,
    cluster: cluster.name,
    podCidr: cluster.podCidr,
    serviceCidr: cluster.serviceCidr,
    nodeSubnet: cluster.subnet,
    dnsAddress: dnsAddress(cluster),
    domain: clusterDomain,
    overlay: cluster.overlay,
    apiServers: servers.map((it) => `https://${it.address}:443`),
    etcdEndpoints: cluster.overlay.subnetSource === 'etcd' ? servers.map(etcdClientUrl) : [],
    flags: { kubelet: flags.kubelet ?? {}, 'kube-proxy': flags['kube-proxy'] ?? {}, overlay: flags.overlay ?? {} },
    kubelet,
  };
}

/** A ServiceAccount, and the Secret its token is kept in, which `ensureAccountTokens` fills. */
function credentials({ account: name, token }: { account: string; token: string }): AddonObject[] {
  return [
    addonObject(serviceAccount, { metadata: { name, namespace } }),
    addonObject(secret, {
      metadata: { name: token, namespace },
      type: 'Opaque',
    }),
  ];
}

function overlayEtcd(pki: (file: string) => string): AddonObject {
  const base64 = (file: string) => Buffer.from(pki(file)).toString('base64');
  return addonObject(secret, {
    metadata: { name: nodeObjects.overlayEtcd, namespace },
    type: 'kubernetes.io/tls',
    data: {
      'ca.crt': base64('etcd-ca.crt'),
      'tls.crt': base64('overlay-etcd-client.crt'),
      'tls.key': base64('overlay-etcd-client.key'),
    },
  });
}

function allowed(name: string, subject: Subject, rules: PolicyRule[]): AddonObject[] {
  return [addonObject(clusterRole, { metadata: { name }, rules }), bound(name, name, subject)];
}

function bound(name: string, clusterRoleName: string, subject: Subject): AddonObject {
  return addonObject(clusterRoleBinding, {
    metadata: { name },
    roleRef: { apiGroup, kind: 'ClusterRole', name: clusterRoleName },
    subjects: [subject],
  });
}
