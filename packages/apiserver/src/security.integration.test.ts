import { selfSubjectReview } from '@coracle/api/authentication/v1/selfsubjectreview';
import { tokenReview } from '@coracle/api/authentication/v1/tokenreview';
import { localSubjectAccessReview } from '@coracle/api/authorization/v1/localsubjectaccessreview';
import { selfSubjectAccessReview } from '@coracle/api/authorization/v1/selfsubjectaccessreview';
import { selfSubjectRulesReview } from '@coracle/api/authorization/v1/selfsubjectrulesreview';
import { subjectAccessReview } from '@coracle/api/authorization/v1/subjectaccessreview';
import { lease } from '@coracle/api/coordination/v1/lease';
import { node } from '@coracle/api/core/v1/node';
import { pod } from '@coracle/api/core/v1/pod';
import { secret } from '@coracle/api/core/v1/secret';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import { clusterRole } from '@coracle/api/rbac/v1/clusterrole';
import { clusterRoleBinding } from '@coracle/api/rbac/v1/clusterrolebinding';
import { role } from '@coracle/api/rbac/v1/role';
import { roleBinding } from '@coracle/api/rbac/v1/rolebinding';
import type { TokenRequest, TokenReview } from '@coracle/api/types/authentication/v1';
import type { PolicyRule } from '@coracle/api/types/rbac/v1';
import type { Client } from '@coracle/client/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, podOn, refusal } from './testing/expectations.ts';
import { type SecureServer, startSecureServer } from './testing/secure-server.ts';

let server: SecureServer;
let admin: Client;

beforeAll(async () => {
  server = await startSecureServer('--service-cluster-ip-range=10.0.0.0/26');
  admin = server.admin;
  for (const name of ['default', 'robot'])
    await admin.create(serviceAccount, { metadata: { name, namespace: 'default' } });
});

afterAll(() => server.close());

let names = 0;
async function grant(user: string, rules: PolicyRule[], kind: 'User' | 'ServiceAccount' = 'User'): Promise<void> {
  const name = `grant-${names++}`;
  const metadata = { name, namespace: 'default' };
  await admin.create(role, { metadata, rules });
  await admin.create(roleBinding, {
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [
      { kind, name: user, ...(kind === 'User' ? { apiGroup: 'rbac.authorization.k8s.io' } : { namespace: 'default' }) },
    ],
  });
}

const reading: PolicyRule = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] };

describe('whoever', () => {
  it('sends no credentials sees only what is public', async () => {
    const anonymous = server.with();
    for (const path of ['/healthz', '/livez', '/readyz', '/version']) {
      expect((await anonymous.request('GET', path)).status).toBe(200);
    }
    for (const path of ['/metrics', '/api', '/openapi/v3', '/']) {
      expect(await refusal(anonymous.request('GET', path))).toBe(
        `403 forbidden: User "system:anonymous" cannot get path "${path}"`,
      );
    }
    expect(await refusal(anonymous.list(pod, { namespace: 'default' }))).toBe(
      '403 pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "default"',
    );
  });

  it('sends a wrong token is not let in at all', async () => {
    expect(await refusal(server.with('guess').request('GET', '/healthz'))).toBe('401 Unauthorized');
    expect(server.warnings).toContainEqual({
      message: 'Unable to authenticate the request',
      reason: 'invalid bearer token',
    });
    const { body } = await admin.request('GET', '/metrics');
    expect(body.toString()).toMatch(/^authentication_attempts\{result="error"\} \d/m);
    expect(body.toString()).toMatch(/^authorization_attempts_total\{result="allowed"\} \d/m);
  });

  it('asks who it is is told', async () => {
    const alice = await server.as('alice', 'devs');
    const { status } = await alice.create(selfSubjectReview, { metadata: {} });
    expect(status?.userInfo).toMatchObject({ username: 'alice', groups: ['devs', 'system:authenticated'] });
  });
});

describe('RBAC', () => {
  it('lets a user do what a role says, as soon as it is bound, and no more', async () => {
    const bob = await server.as('bob');
    const listing = () => refusal(bob.list(pod, { namespace: 'default' }));
    expect(await listing()).toBe(
      '403 pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the namespace "default"',
    );
    await grant('bob', [reading]);
    await eventually(async () => (await listing()) === '');
    expect(await refusal(bob.list(pod, { namespace: 'kube-system' }))).toContain('in the namespace "kube-system"');
    expect(await refusal(bob.delete(pod, 'x', 'default'))).toBe(
      '403 pods "x" is forbidden: User "bob" cannot delete resource "pods" in API group "" in the namespace "default"',
    );
  });

  it('answers what somebody may do', async () => {
    const carol = await server.as('carol');
    const may = async (verb: string) => {
      const spec = { resourceAttributes: { namespace: 'default', verb, resource: 'pods' } };
      return (await carol.create(selfSubjectAccessReview, { metadata: {}, spec })).status;
    };
    expect(await may('list')).toEqual({ allowed: false });
    await grant('carol', [reading]);
    await eventually(async () => (await may('list'))?.allowed === true);
    expect((await may('list'))?.reason).toMatch(
      /^RBAC: allowed by RoleBinding "grant-\d+\/default" of Role "grant-\d+" to User "carol"$/,
    );
    const spec = { user: 'carol', resourceAttributes: { namespace: 'default', verb: 'get', resource: 'pods' } };
    expect((await admin.create(subjectAccessReview, { metadata: {}, spec })).status?.allowed).toBe(true);
    expect(await refusal(carol.create(subjectAccessReview, { metadata: {}, spec }))).toContain('403');
    const local = { metadata: { namespace: 'default' }, spec: { ...spec, groups: ['devs'] } };
    expect((await admin.create(localSubjectAccessReview, local)).status?.allowed).toBe(true);
    const rules = await carol.create(selfSubjectRulesReview, { metadata: {}, spec: { namespace: 'default' } });
    expect(rules.status?.resourceRules).toContainEqual({ ...reading, resources: ['pods'] });
    expect(await refusal(admin.create(subjectAccessReview, { metadata: {}, spec: { user: 'x' } }))).toContain(
      'exactly one of nonResourceAttributes or resourceAttributes must be specified',
    );
  });

  it('lets nobody grant what they do not hold', async () => {
    const metadata = { name: 'by-erin', namespace: 'default' };
    await grant('erin', [
      { verbs: ['create', 'update'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings'] },
    ]);
    const erin = await server.as('erin');
    await eventually(
      async () => !(await refusal(erin.create(role, { metadata, rules: [reading] }))).includes('cannot create'),
    );
    expect(await refusal(erin.create(role, { metadata, rules: [reading] }))).toBe(
      '403 roles.rbac.authorization.k8s.io "by-erin" is forbidden: user "erin" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}',
    );
    const bindingToAdmin = {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'erin' }],
    };
    expect(await refusal(erin.create(roleBinding, bindingToAdmin))).toContain(
      'is attempting to grant RBAC permissions not currently held',
    );
  });

  it('lets nobody gather rights by aggregation that they do not hold', async () => {
    await admin.create(clusterRole, {
      metadata: { name: 'part', labels: { 'example.com/to': 'whole' } },
      rules: [{ ...reading, resources: ['secrets'] }],
    });
    const rules = [{ verbs: ['create'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'] }];
    await admin.create(clusterRole, { metadata: { name: 'makes-roles' }, rules });
    await admin.create(clusterRoleBinding, {
      metadata: { name: 'makes-roles' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'makes-roles' },
      subjects: [{ kind: 'User', name: 'fay', apiGroup: 'rbac.authorization.k8s.io' }],
    });
    const fay = await server.as('fay');
    const gathering = () =>
      refusal(
        fay.create(clusterRole, {
          metadata: { name: 'whole' },
          aggregationRule: { clusterRoleSelectors: [{ matchLabels: { 'example.com/to': 'whole' } }] },
        }),
      );
    await eventually(async () => !(await gathering()).includes('cannot create'));
    expect(await gathering()).toBe(
      '403 clusterroles.rbac.authorization.k8s.io "whole" is forbidden: must have cluster-admin privileges to use the aggregationRule',
    );
  });

  it('lets no binding go over to another role', async () => {
    const binding = await admin.get(clusterRoleBinding, 'system:discovery', undefined);
    const roleRef = { ...binding.roleRef, name: 'view' };
    expect(await refusal(admin.update(clusterRoleBinding, { ...binding, roleRef }))).toBe(
      '422 ClusterRoleBinding.rbac.authorization.k8s.io "system:discovery" is invalid: roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"ClusterRole","Name":"view"}: cannot change roleRef',
    );
  });

  it('keeps the default roles whole', async () => {
    const roles = await admin.list(clusterRole, {});
    expect(roles.items.length).toBeGreaterThan(60);
    const view = roles.items.find((it) => it.metadata.name === 'view');
    expect(view?.aggregationRule?.clusterRoleSelectors).toEqual([
      { matchLabels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } },
    ]);
  });

  it('lets a user act as another where it may impersonate, and only then', async () => {
    const asFrank = admin.with({ impersonate: { user: 'frank', groups: ['devs'] } });
    const { status } = await asFrank.create(selfSubjectReview, { metadata: {} });
    expect(status?.userInfo).toMatchObject({ username: 'frank', groups: ['devs', 'system:authenticated'] });
    expect(await refusal(asFrank.list(pod, { namespace: 'default' }))).toContain('User "frank" cannot list');
    const gail = (await server.as('gail')).with({ impersonate: { user: 'admin', groups: ['system:masters'] } });
    expect(await refusal(gail.list(pod, { namespace: 'default' }))).toBe(
      '403 pods is forbidden: User "gail" cannot impersonate-on:user-info:list resource "pods" in API group "" in the namespace "default"',
    );
  });
});

const requestToken = (client: Client, account: string, spec: TokenRequest['spec']) =>
  client.subresource<TokenRequest>(serviceAccount, account, 'default', 'token', 'POST', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec,
  });

describe('a service account token', () => {
  it('is the account, for as long as its pod lives', async () => {
    const bound = await admin.create(pod, podOn('', 'bearer', { serviceAccountName: 'robot' }));
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'bearer', uid: bound.metadata.uid! };
    const { status } = await requestToken(admin, 'robot', { audiences: [], boundObjectRef });
    const robot = server.with(status!.token!);
    const { status: self } = await robot.create(selfSubjectReview, { metadata: {} });
    expect(self?.userInfo).toMatchObject({
      username: 'system:serviceaccount:default:robot',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/pod-name': ['bearer'] },
    });
    const review = async () =>
      (await admin.create(tokenReview, { metadata: {}, spec: { token: status!.token! } } as TokenReview)).status;
    expect(await review()).toMatchObject({
      authenticated: true,
      user: { username: 'system:serviceaccount:default:robot' },
    });
    const reviewed = async (token: string) =>
      (await admin.create(tokenReview, { metadata: {}, spec: { token } } as TokenReview)).status;
    expect(await reviewed(`${status!.token} and more`)).toMatchObject({ authenticated: true });
    expect(await reviewed(` ${status!.token}`)).toEqual({ user: {} });
    await admin.delete(pod, 'bearer', 'default', { gracePeriodSeconds: 0 });
    await eventually(
      async () => (await refusal(robot.create(selfSubjectReview, { metadata: {} }))) === '401 Unauthorized',
    );
    expect(await review()).toMatchObject({ user: {}, error: expect.any(String) });
    await admin.create(pod, podOn('', 'bearer', { serviceAccountName: 'robot' }));
    expect(await refusal(robot.create(selfSubjectReview, { metadata: {} }))).toBe('401 Unauthorized');
    expect(await refusal(requestToken(admin, 'robot', { audiences: [], boundObjectRef }))).toContain(
      'the UID in the bound object reference',
    );
  });

  it('is made only for what makes sense', async () => {
    expect(await refusal(requestToken(admin, 'robot', { audiences: [], expirationSeconds: 60 }))).toContain(
      'spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes',
    );
    expect(await refusal(requestToken(admin, 'nobody', { audiences: [] }))).toBe(
      '404 serviceaccounts "nobody" not found',
    );
    const other = await admin.create(pod, podOn('', 'other', { serviceAccountName: 'default' }));
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'other', uid: other.metadata.uid! };
    expect(await refusal(requestToken(admin, 'robot', { audiences: [], boundObjectRef }))).toContain(
      'cannot bind token for serviceaccount "robot" to pod running with different serviceaccount name.',
    );
    const { status } = await requestToken(admin, 'robot', { audiences: ['vault'] });
    expect(await refusal(server.with(status!.token!).request('GET', '/healthz'))).toBe('401 Unauthorized');
  });
});

describe('a node', () => {
  let n1: Client;

  beforeAll(async () => {
    n1 = await server.as('system:node:n1', 'system:nodes');
    await admin.create(node, { metadata: { name: 'n2' }, spec: {} });
    for (const name of ['mine', 'theirs']) await admin.create(secret, { metadata: { name, namespace: 'default' } });
    const using = (secretName: string) => ({ volumes: [{ name: 'v', secret: { secretName } }] });
    await admin.create(pod, podOn('n1', 'on-n1', using('mine')));
    await admin.create(pod, podOn('n2', 'on-n2', using('theirs')));
  });

  it('registers itself, and no other', async () => {
    const made = await n1.create(node, { metadata: { name: 'n1' }, spec: {} });
    expect(made.spec?.taints).toEqual([{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
    expect(await refusal(n1.create(node, { metadata: { name: 'n3' }, spec: {} }))).toBe(
      '403 nodes "n3" is forbidden: node "n1" is not allowed to modify node "n3"',
    );
    expect(await refusal(n1.get(node, 'n2'))).toContain("node 'n1' cannot read 'n2', only its own Node object");
    await n1.create(lease, { metadata: { name: 'n1', namespace: 'kube-node-lease' }, spec: {} });
    expect(
      await refusal(n1.create(lease, { metadata: { name: 'n2', namespace: 'kube-node-lease' }, spec: {} })),
    ).toContain('403');
  });

  it('reads what its pods need, and nothing else', async () => {
    await eventually(async () => (await refusal(n1.get(secret, 'mine', 'default'))) === '');
    expect(await refusal(n1.get(secret, 'theirs', 'default'))).toBe(
      `403 secrets "theirs" is forbidden: User "system:node:n1" cannot get resource "secrets" in API group "" in the namespace "default": no relationship found between node 'n1' and this object`,
    );
    const { items } = await n1.list(pod, { fieldSelector: 'spec.nodeName=n1' });
    expect(items.map((it) => it.metadata.name)).toEqual(['on-n1']);
    expect(await refusal(n1.list(pod, {}))).toContain('can only list/watch pods with spec.nodeName field selector');
    expect(await refusal(n1.list(secret, { namespace: 'default' }))).toContain('403');
  });

  it('gets tokens for its own pods', async () => {
    const token = async (name: string) => {
      const { metadata } = await admin.get(pod, name, 'default');
      return requestToken(n1, 'default', {
        audiences: [],
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid: metadata.uid! },
      });
    };
    expect((await token('on-n1')).status?.token).toMatch(/^ey/);
    expect(await refusal(token('on-n2'))).toContain(
      'node requested token bound to a pod scheduled on a different node',
    );
    expect(await refusal(requestToken(n1, 'default', { audiences: [] }))).toContain(
      'node requested token not bound to a pod',
    );
    expect(await refusal(requestToken(n1, 'robot', { audiences: [] }))).toContain('no relationship found');
  });

  it('reports on its own pods', async () => {
    const on = await admin.get(pod, 'on-n1', 'default');
    const updated = await n1.updateStatus(pod, {
      ...on,
      status: { ...on.status, phase: 'Running', podIP: '10.1.0.9' },
    });
    expect(updated.status?.podIPs).toEqual([{ ip: '10.1.0.9' }]);
    const other = await admin.get(pod, 'on-n2', 'default');
    expect(await refusal(n1.updateStatus(pod, other))).toContain(
      'node "n1" can only update pod status for pods with spec.nodeName set to itself',
    );
  });
});

describe('a server that allows everything', () => {
  it('lets in those who say who they are, and nobody else', async () => {
    const open = await startSecureServer('--authorization-mode=AlwaysAllow');
    try {
      expect(await refusal(open.with().request('GET', '/version'))).toBe('401 Unauthorized');
      expect(await refusal((await open.as('anybody')).list(secret, {}))).toBe('');
    } finally {
      await open.close();
    }
  });
});
