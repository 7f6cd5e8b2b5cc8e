import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '@coracle/api/types/rbac/v1';
import { clusterRoles, type RoleSketch } from './cluster-roles.ts';
import { controllerRoles } from './controller-roles.ts';
import { core, events, on, read } from './rule.ts';

const group = 'rbac.authorization.k8s.io';
const meta = {
  annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
};

/** Everything RBAC a cluster starts with. Objects are made anew by every call and may be changed. */
export interface BootstrapPolicy {
  readonly clusterRoles: ClusterRole[];
  readonly clusterRoleBindings: ClusterRoleBinding[];
  readonly roles: Role[];
  readonly roleBindings: RoleBinding[];
}

/** The default roles and bindings, as objects. */
export function bootstrapPolicy(): BootstrapPolicy {
  const controllers = Object.keys(controllerRoles);
  return structuredClone({
    clusterRoles: [
      ...Object.entries(clusterRoles).map(([name, sketch]) => clusterRole(name, sketch)),
      ...controllers.map((name) => clusterRole(`system:controller:${name}`, { rules: controllerRoles[name] ?? [] })),
    ],
    clusterRoleBindings: [
      ...Object.entries(clusterBindings).map(([name, [role, ...subjects]]) => clusterRoleBinding(name, role, subjects)),
      ...controllers.map((name) => {
        const role = `system:controller:${name}`;
        return clusterRoleBinding(role, role, [serviceAccount('kube-system', name)]);
      }),
    ],
    roles: namespaceRoles.map(([namespace, name, rules]) => ({
      apiVersion: `${group}/v1`,
      kind: 'Role',
      metadata: { name, namespace, ...meta },
      rules: [...rules],
    })),
    roleBindings: namespaceBindings.map(([namespace, name, role, subjects]) => ({
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata: { name, namespace, ...meta },
      roleRef: { apiGroup: group, kind: 'Role', name: role },
      subjects: [...subjects],
    })),
  });
}

function clusterRole(name: string, { rules, aggregationRule, aggregateTo }: RoleSketch): ClusterRole {
  const labels = {
    ...meta.labels,
    ...(aggregateTo ? { [`rbac.authorization.k8s.io/aggregate-to-${aggregateTo}`]: 'true' } : {}),
  };
  return {
    apiVersion: `${group}/v1`,
    kind: 'ClusterRole',
    metadata: { name, annotations: meta.annotations, labels },
    ...(aggregationRule ? { aggregationRule } : {}),
    ...(rules ? { rules: [...rules] } : {}),
  };
}

function clusterRoleBinding(name: string, role: string, subjects: readonly Subject[]): ClusterRoleBinding {
  return {
    apiVersion: `${group}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name, ...meta },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: role },
    ...(subjects.length > 0 ? { subjects: [...subjects] } : {}),
  };
}

function user(name: string): Subject {
  return { kind: 'User', apiGroup: group, name };
}

function members(name: string): Subject {
  return { kind: 'Group', apiGroup: group, name };
}

function serviceAccount(namespace: string, name: string): Subject {
  return { kind: 'ServiceAccount', name, namespace };
}

/** By name: the ClusterRole, then who gets it. `system:node` has no subjects: nodes are the node authorizer's. */
const clusterBindings: Readonly<Record<string, readonly [string, ...Subject[]]>> = {
  'cluster-admin': ['cluster-admin', members('system:masters')],
  'system:monitoring': ['system:monitoring', members('system:monitoring')],
  'system:discovery': ['system:discovery', members('system:authenticated')],
  'system:basic-user': ['system:basic-user', members('system:authenticated')],
  'system:public-info-viewer': [
    'system:public-info-viewer',
    members('system:authenticated'),
    members('system:unauthenticated'),
  ],
  'system:node-proxier': ['system:node-proxier', user('system:kube-proxy')],
  'system:kube-controller-manager': ['system:kube-controller-manager', user('system:kube-controller-manager')],
  'system:kube-dns': ['system:kube-dns', serviceAccount('kube-system', 'kube-dns')],
  'system:kube-scheduler': ['system:kube-scheduler', user('system:kube-scheduler')],
  'system:volume-scheduler': ['system:volume-scheduler', user('system:kube-scheduler')],
  'system:node': ['system:node'],
  'system:service-account-issuer-discovery': [
    'system:service-account-issuer-discovery',
    members('system:serviceaccounts'),
  ],
};

const authenticationReader = 'extension-apiserver-authentication-reader';
const leaderLocking = (component: string): PolicyRule[] => [
  on('watch', core, 'configmaps'),
  on('get update', core, 'configmaps', component),
];

const namespaceRoles: readonly (readonly [namespace: string, name: string, rules: readonly PolicyRule[]])[] = [
  ['kube-system', authenticationReader, [on(read, core, 'configmaps', 'extension-apiserver-authentication')]],
  ['kube-system', 'system:controller:bootstrap-signer', [on(read, core, 'secrets')]],
  ['kube-system', 'system:controller:cloud-provider', [on('create get list watch', core, 'configmaps')]],
  ['kube-system', 'system:controller:token-cleaner', [on('delete get list watch', core, 'secrets'), events]],
  ['kube-system', 'system::leader-locking-kube-controller-manager', leaderLocking('kube-controller-manager')],
  ['kube-system', 'system::leader-locking-kube-scheduler', leaderLocking('kube-scheduler')],
  [
    'kube-public',
    'system:controller:bootstrap-signer',
    [on(read, core, 'configmaps'), on('update', core, 'configmaps', 'cluster-info'), events],
  ],
];

const namespaceBindings: readonly (readonly [
  namespace: string,
  name: string,
  role: string,
  subjects: readonly Subject[],
])[] = [
  [
    'kube-system',
    `system::${authenticationReader}`,
    authenticationReader,
    [user('system:kube-controller-manager'), user('system:kube-scheduler')],
  ],
  ...(['bootstrap-signer', 'cloud-provider', 'token-cleaner'] as const).map((name) => {
    const role = `system:controller:${name}`;
    return ['kube-system', role, role, [serviceAccount('kube-system', name)]] as const;
  }),
  ...(['kube-controller-manager', 'kube-scheduler'] as const).map((name) => {
    const role = `system::leader-locking-${name}`;
    return ['kube-system', role, role, [user(`system:${name}`), serviceAccount('kube-system', name)]] as const;
  }),
  [
    'kube-public',
    'system:controller:bootstrap-signer',
    'system:controller:bootstrap-signer',
    [serviceAccount('kube-system', 'bootstrap-signer')],
  ],
];
