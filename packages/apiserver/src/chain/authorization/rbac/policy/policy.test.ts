import { describe, expect, it } from '@jest/globals';
import { RbacAuthorizer } from '../authorizer.ts';
import { RbacIndex } from '../index.ts';
import { bootstrapPolicy } from './bootstrap-policy.ts';
import { repairBinding, repairRole } from './reconcile.ts';

/** An authorizer that knows the default policy. */
function byDefault(): RbacAuthorizer {
  const index = new RbacIndex();
  const policy = bootstrapPolicy();
  for (const it of policy.clusterRoles) index.setClusterRole(it.metadata.name!, it);
  for (const it of policy.clusterRoleBindings) index.setClusterRoleBinding(it.metadata.name!, it);
  for (const it of policy.roles) index.setRole(it.metadata.namespace!, it.metadata.name!, it);
  for (const it of policy.roleBindings) index.setRoleBinding(it.metadata.namespace!, it.metadata.name!, it);
  return new RbacAuthorizer(index);
}

const users = {
  root: { name: 'root', groups: ['system:masters', 'system:authenticated'] },
  somebody: { name: 'somebody', groups: ['system:authenticated'] },
  anonymous: { name: 'system:anonymous', groups: ['system:unauthenticated'] },
  scheduler: { name: 'system:kube-scheduler', groups: ['system:authenticated'] },
  manager: { name: 'system:kube-controller-manager', groups: ['system:authenticated'] },
  proxy: { name: 'system:kube-proxy', groups: ['system:authenticated'] },
  node: { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] },
  deployments: {
    name: 'system:serviceaccount:kube-system:deployment-controller',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
  },
};

describe('the default policy', () => {
  const rbac = byDefault();

  it.each<[keyof typeof users, string, string, boolean]>([
    ['root', 'delete', 'core/nodes', true],
    ['root', 'get', '/metrics', true],
    ['somebody', 'list', 'core/pods', false],
    ['somebody', 'get', '/apis/apps/v1', true],
    ['somebody', 'get', '/metrics', false],
    ['somebody', 'create', 'authorization.k8s.io/selfsubjectaccessreviews', true],
    ['anonymous', 'get', '/healthz', true],
    ['anonymous', 'get', '/version', true],
    ['anonymous', 'get', '/apis', false],
    ['anonymous', 'get', '/readyz/etcd', false],
    ['scheduler', 'create', 'core/pods/binding', true],
    ['scheduler', 'list', 'core/secrets', false],
    ['scheduler', 'watch', 'storage.k8s.io/storageclasses', true],
    ['manager', 'watch', 'core/secrets', true],
    ['manager', 'create', 'core/serviceaccounts/token', true],
    ['manager', 'create', 'core/pods', false],
    ['proxy', 'watch', 'discovery.k8s.io/endpointslices', true],
    ['proxy', 'create', 'events.k8s.io/events', true],
    ['node', 'get', 'core/secrets', false],
    ['deployments', 'create', 'apps/replicasets', true],
    ['deployments', 'create', 'core/pods', false],
  ])('lets %s %s %s: %s', (who, verb, what, allowed) => {
    const user = users[who];
    const [group = '', resource = '', subresource = ''] = what.split('/');
    const attributes = what.startsWith('/')
      ? { user, verb, path: what }
      : {
          user,
          verb,
          group: group === 'core' ? '' : group,
          version: 'v1',
          resource,
          subresource,
          namespace: '',
          name: '',
        };
    expect(rbac.authorize(attributes).decision === 'allow').toBe(allowed);
  });

  it('lets the leaders update their own lease only', () => {
    const lease = (name: string) => ({
      user: users.scheduler,
      verb: 'update',
      group: 'coordination.k8s.io',
      version: 'v1',
      resource: 'leases',
      subresource: '',
      namespace: 'kube-system',
      name,
    });
    expect(rbac.authorize(lease('kube-scheduler')).decision).toBe('allow');
    expect(rbac.authorize(lease('kube-controller-manager')).decision).toBe('noOpinion');
  });

  it('has a role for each controller of upstream that is on by default', () => {
    const prefix = 'system:controller:';
    const names = bootstrapPolicy().clusterRoles.map((it) => it.metadata.name!);
    const controllers = names.flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : [])).sort();
    expect(
      controllers
        .join(' ')
        .match(/.{1,110}(?= |$)/g)!
        .map((line) => line.trim()),
    ).toEqual([
      'attachdetach-controller certificate-controller clusterrole-aggregation-controller cronjob-controller',
      'daemon-set-controller deployment-controller device-taint-eviction-controller disruption-controller',
      'endpoint-controller endpointslice-controller endpointslicemirroring-controller ephemeral-volume-controller',
      'expand-controller generic-garbage-collector horizontal-pod-autoscaler job-controller',
      'legacy-service-account-token-cleaner namespace-controller node-controller persistent-volume-binder',
      'pod-garbage-collector pv-protection-controller pvc-protection-controller replicaset-controller',
      'replication-controller resource-claim-controller resourcequota-controller root-ca-cert-publisher',
      'route-controller selinux-warning-controller service-account-controller service-cidrs-controller',
      'service-controller statefulset-controller ttl-after-finished-controller ttl-controller',
      'validatingadmissionpolicy-status-controller volumeattributesclass-protection-controller',
    ]);
  });

  it('lets controllers watch what they may list, since lists may be had by watching', () => {
    const roles = bootstrapPolicy().clusterRoles.filter((it) => it.metadata.name!.startsWith('system:controller:'));
    const listing = roles.flatMap((it) => (it.rules ?? []).filter(({ verbs }) => verbs.includes('list')));
    expect(listing.length).toBeGreaterThan(50);
    expect(listing.filter(({ verbs }) => !verbs.includes('watch'))).toEqual([]);
  });

  it('names each object once, and binds only roles that exist', () => {
    const policy = bootstrapPolicy();
    const names = policy.clusterRoles.map((it) => it.metadata.name);
    expect(new Set(names).size).toBe(names.length);
    for (const binding of policy.clusterRoleBindings) expect(names).toContain(binding.roleRef.name);
    const roles = policy.roles.map((it) => `${it.metadata.namespace}/${it.metadata.name}`);
    for (const it of policy.roleBindings) expect(roles).toContain(`${it.metadata.namespace}/${it.roleRef.name}`);
  });
});

describe('reconciling', () => {
  it('gives a role back what it lost and leaves what was added', () => {
    const [wanted] = bootstrapPolicy().clusterRoles.filter((it) => it.metadata.name === 'system:basic-user');
    const extra = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };
    const current = { metadata: wanted!.metadata, rules: [extra, wanted!.rules![0]!] };
    expect(repairRole(current, wanted!)).toBe(true);
    expect(current.rules).toEqual([extra, ...wanted!.rules!]);
    expect(repairRole(current, wanted!)).toBe(false);
  });

  it('leaves the aggregated rules of a role alone', () => {
    const [wanted] = bootstrapPolicy().clusterRoles.filter((it) => it.metadata.name === 'admin');
    const current = { ...wanted!, rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }] };
    expect(repairRole(current, wanted!)).toBe(false);
  });

  it('gives a binding its subjects back', () => {
    const [wanted] = bootstrapPolicy().clusterRoleBindings.filter((it) => it.metadata.name === 'cluster-admin');
    const current = { ...wanted!, subjects: [{ kind: 'User', name: 'alice' }] };
    expect(repairBinding(current, wanted!)).toBe(true);
    expect(current.subjects).toEqual([{ kind: 'User', name: 'alice' }, ...wanted!.subjects!]);
  });
});
