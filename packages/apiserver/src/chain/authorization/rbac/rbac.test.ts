import type { PolicyRule, Subject } from '@coracle/api/types/rbac/v1';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { User } from '../../user.ts';
import type { Attributes, ResourceAttributes } from '../authorizer.ts';
import { forbiddenRequest } from '../forbidden.ts';
import { RbacAuthorizer } from './authorizer.ts';
import { checkBindingWrite, checkRoleWrite } from './escalation.ts';
import { RbacIndex } from './index.ts';
import { allows, compact, describeRule, uncovered } from './rules.ts';

const alice: User = { name: 'alice', groups: ['devs', 'system:authenticated'] };
const list = (change: Partial<ResourceAttributes> = {}): ResourceAttributes => ({
  user: alice,
  verb: 'list',
  group: '',
  version: 'v1',
  resource: 'pods',
  subresource: '',
  namespace: 'default',
  name: '',
  ...change,
});
const path = (it: string): Attributes => ({ user: alice, verb: 'get', path: it });

describe('a rule', () => {
  const rule = (change: Partial<PolicyRule>): PolicyRule => ({ verbs: ['*'], apiGroups: [''], ...change });

  it.each<[string, PolicyRule, Attributes, boolean]>([
    ['a listed resource', rule({ resources: ['pods'] }), list(), true],
    ['another resource', rule({ resources: ['services'] }), list(), false],
    ['another group', rule({ apiGroups: ['apps'], resources: ['pods'] }), list(), false],
    ['any group', rule({ apiGroups: ['*'], resources: ['pods'] }), list(), true],
    ['another verb', rule({ verbs: ['get'], resources: ['pods'] }), list(), false],
    ['a parent, asked for its subresource', rule({ resources: ['pods'] }), list({ subresource: 'log' }), false],
    ['a subresource', rule({ resources: ['pods/log'] }), list({ subresource: 'log' }), true],
    ['a subresource, asked for its parent', rule({ resources: ['pods/log'] }), list(), false],
    ['a subresource of anything', rule({ resources: ['*/log'] }), list({ subresource: 'log' }), true],
    ['any resource', rule({ resources: ['*'] }), list({ subresource: 'exec' }), true],
    ['a name', rule({ resources: ['pods'], resourceNames: ['a'] }), list({ verb: 'get', name: 'a' }), true],
    ['another name', rule({ resources: ['pods'], resourceNames: ['a'] }), list({ verb: 'get', name: 'b' }), false],
    ['a name, asked for a list', rule({ resources: ['pods'], resourceNames: ['a'] }), list(), false],
    ['a path', { verbs: ['get'], nonResourceURLs: ['/healthz'] }, path('/healthz'), true],
    ['a path below', { verbs: ['get'], nonResourceURLs: ['/healthz/*'] }, path('/healthz/etcd'), true],
    ['a path beside', { verbs: ['get'], nonResourceURLs: ['/healthz/*'] }, path('/healthz'), false],
    ['a path, with resource rules only', rule({ resources: ['*'] }), path('/healthz'), false],
  ])('with %s', (_, it, attributes, allowed) => expect(allows(it, attributes)).toBe(allowed));
});

/** An index in which alice may list pods in `default`, and everybody signed in may read /version. */
function someIndex(): RbacIndex {
  const index = new RbacIndex();
  index.setClusterRole('discovery', {
    metadata: { name: 'discovery' },
    rules: [{ verbs: ['get'], nonResourceURLs: ['/version'] }],
  });
  index.setRole('default', 'reader', {
    metadata: { name: 'reader', namespace: 'default' },
    rules: [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }],
  });
  bind(index, '', 'discovery', 'ClusterRole', 'discovery', { kind: 'Group', name: 'system:authenticated' });
  bind(index, 'default', 'readers', 'Role', 'reader', { kind: 'User', name: 'alice' });
  return index;
}

function bind(index: RbacIndex, scope: string, name: string, kind: string, role: string, ...subjects: Subject[]): void {
  const binding = { metadata: { name, namespace: scope }, roleRef: { kind, name: role }, subjects };
  if (scope === '') index.setClusterRoleBinding(name, binding);
  else index.setRoleBinding(scope, name, binding);
}

describe('RBAC', () => {
  it('allows by the bindings of the user and its groups, and says which', () => {
    const rbac = new RbacAuthorizer(someIndex());
    expect(rbac.authorize(list())).toEqual({
      decision: 'allow',
      reason: 'RBAC: allowed by RoleBinding "readers/default" of Role "reader" to User "alice"',
    });
    expect(rbac.authorize(path('/version'))).toEqual({
      decision: 'allow',
      reason:
        'RBAC: allowed by ClusterRoleBinding "discovery" of ClusterRole "discovery" to Group "system:authenticated"',
    });
    expect(rbac.authorize(list({ namespace: 'kube-system' }))).toEqual({ decision: 'noOpinion', reason: '' });
    expect(rbac.authorize(list({ namespace: '' }))).toEqual({ decision: 'noOpinion', reason: '' });
  });

  it('counts a binding once, by the first of its subjects that is the user', () => {
    const index = new RbacIndex();
    index.setClusterRole('reader', {
      metadata: { name: 'reader' },
      rules: [{ verbs: ['list'], apiGroups: [''], resources: ['pods'] }],
    });
    const groups = ['system:authenticated', 'devs'].map((name): Subject => ({ kind: 'Group', name }));
    bind(index, '', 'all', 'ClusterRole', 'reader', ...groups.reverse(), { kind: 'User', name: 'alice' });
    const rbac = new RbacAuthorizer(index);
    expect(rbac.authorize(list()).reason).toBe(
      'RBAC: allowed by ClusterRoleBinding "all" of ClusterRole "reader" to Group "devs"',
    );
    expect(rbac.rulesFor(alice, 'default').resourceRules).toHaveLength(1);
  });

  it('finds service accounts, those without a namespace in the one of the binding', () => {
    const index = someIndex();
    bind(index, 'default', 'robots', 'Role', 'reader', { kind: 'ServiceAccount', name: 'robot' });
    const user = { name: 'system:serviceaccount:default:robot', groups: [] };
    const decision = new RbacAuthorizer(index).authorize(list({ user }));
    expect(decision.reason).toBe(
      'RBAC: allowed by RoleBinding "robots/default" of Role "reader" to ServiceAccount "robot/default"',
    );
  });

  it('sees every change of roles and bindings at once', () => {
    const index = someIndex();
    const rbac = new RbacAuthorizer(index);
    expect(rbac.authorize(list()).decision).toBe('allow');
    index.setRoleBinding('default', 'readers', undefined);
    expect(rbac.authorize(list()).decision).toBe('noOpinion');
    bind(index, 'default', 'readers', 'Role', 'reader', { kind: 'Group', name: 'devs' });
    expect(rbac.authorize(list()).decision).toBe('allow');
    index.setRole('default', 'reader', undefined);
    expect(rbac.authorize(list())).toEqual({
      decision: 'noOpinion',
      reason: 'RBAC: role.rbac.authorization.k8s.io "reader" not found',
    });
  });

  it('lists the rules of a user in a namespace', () => {
    const rules = new RbacAuthorizer(someIndex()).rulesFor(alice, 'default');
    expect(rules).toEqual({
      resourceRules: [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }],
      nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/version'] }],
      incomplete: false,
    });
  });
});

describe('a refusal', () => {
  it.each<[Attributes, string, string]>([
    [
      list(),
      '',
      'pods is forbidden: User "alice" cannot list resource "pods" in API group "" in the namespace "default"',
    ],
    [
      list({ verb: 'get', group: 'apps', resource: 'deployments', subresource: 'scale', name: 'web' }),
      'RBAC: no',
      'deployments.apps "web" is forbidden: User "alice" cannot get resource "deployments/scale" in API group "apps" in the namespace "default": RBAC: no',
    ],
    [
      list({ resource: 'nodes', namespace: '' }),
      '',
      'nodes is forbidden: User "alice" cannot list resource "nodes" in API group "" at the cluster scope',
    ],
    [path('/metrics'), '', 'forbidden: User "alice" cannot get path "/metrics"'],
    [path('/<b>'), '', 'forbidden: User "alice" cannot get path "/&lt;b&gt;"'],
    [path('/\u0001\u007f'), '', String.raw`forbidden: User "alice" cannot get path "/\x01\x7f"`],
  ])('says who may not do what', (attributes, reason, message) => {
    const error = forbiddenRequest(attributes, reason);
    expect(error.status).toMatchObject({ code: 403, reason: 'Forbidden', message });
  });
});

describe('escalation', () => {
  const context = () => {
    const index = someIndex();
    const rbac = new RbacAuthorizer(index);
    return { user: alice, requestName: '', authorizer: rbac, rbac, index };
  };
  const role = (...rules: PolicyRule[]) => ({ metadata: { name: 'new', namespace: 'default' }, rules });
  const pods = (...verbs: string[]): PolicyRule => ({ verbs, apiGroups: [''], resources: ['pods'] });

  it('is refused with the rules that are missing', async () => {
    await expect(checkRoleWrite(context(), 'roles', role(pods('get', 'delete', 'watch')))).rejects.toThrow(
      'roles.rbac.authorization.k8s.io "new" is forbidden: user "alice" (groups=["devs" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:[""], Resources:["pods"], Verbs:["delete" "watch"]}',
    );
  });

  it('is none when the rules are held, nothing but owners and finalizers changes, or escalate allows it', async () => {
    await checkRoleWrite(context(), 'roles', role(pods('get')));
    const owned = { ...role(pods('*')), metadata: { ...role().metadata, ownerReferences: [], finalizers: ['a/b'] } };
    await checkRoleWrite(context(), 'roles', owned, role(pods('*')));
    const labelled = { ...role(pods('*')), metadata: { ...role().metadata, labels: { a: 'b' } } };
    await expect(checkRoleWrite(context(), 'roles', labelled, role(pods('*')))).rejects.toThrow('not currently held');
    await expect(checkRoleWrite(context(), 'roles', role(pods('*')), role(pods('get')))).rejects.toThrow(
      'not currently held',
    );
    const allowed = context();
    allowed.index.setRole('default', 'reader', {
      metadata: {},
      rules: [{ verbs: ['escalate'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'] }],
    });
    await checkRoleWrite(allowed, 'roles', role(pods('*')));
    allowed.index.setRole('default', 'reader', {
      metadata: {},
      rules: [
        { verbs: ['escalate'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], resourceNames: ['new'] },
      ],
    });
    await checkRoleWrite({ ...allowed, requestName: 'new' }, 'roles', role(pods('*')));
    await expect(checkRoleWrite(allowed, 'roles', role(pods('*')))).rejects.toThrow('not currently held');
    const master = { ...context(), user: { name: 'root', groups: ['system:masters'] } };
    await checkRoleWrite(master, 'roles', role(pods('*')));
  });

  it('by a binding is refused, unless bind allows it', async () => {
    const it = context();
    it.index.setClusterRole('admin', { metadata: { name: 'admin' }, rules: [pods('*')] });
    const binding = { metadata: { name: 'b', namespace: 'default' }, roleRef: { kind: 'ClusterRole', name: 'admin' } };
    await expect(checkBindingWrite(it, 'rolebindings', binding)).rejects.toThrow(
      'rolebindings.rbac.authorization.k8s.io "b" is forbidden: user "alice" (groups=["devs" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:[""], Resources:["pods"], Verbs:["*"]}',
    );
    const unknown = { ...binding, roleRef: { kind: 'ClusterRole', name: 'none' } };
    await expect(checkBindingWrite(it, 'rolebindings', unknown)).rejects.toMatchObject({
      code: 404,
      message: 'clusterroles.rbac.authorization.k8s.io "none" not found',
      status: { details: { group: 'rbac.authorization.k8s.io', kind: 'clusterroles', name: 'none' } },
    });
    it.index.setRole('default', 'reader', {
      metadata: {},
      rules: [
        {
          verbs: ['bind'],
          apiGroups: ['rbac.authorization.k8s.io'],
          resources: ['clusterroles'],
          resourceNames: ['admin'],
        },
      ],
    });
    await checkBindingWrite(it, 'rolebindings', binding);
  });

  it('cannot come by aggregation', async () => {
    const aggregated = { metadata: { name: 'new' }, aggregationRule: { clusterRoleSelectors: [{}] } };
    const message = 'must have cluster-admin privileges to use the aggregationRule';
    await expect(checkRoleWrite(context(), 'clusterroles', aggregated)).rejects.toThrow(message);
    const plain = { metadata: { name: 'new' } };
    await expect(checkRoleWrite(context(), 'clusterroles', plain, aggregated)).rejects.toThrow(message);
    await checkRoleWrite(context(), 'clusterroles', { ...plain, aggregationRule: { clusterRoleSelectors: [] } });
  });

  it('says what could not be resolved', async () => {
    const it = context();
    bind(it.index, 'default', 'lost', 'ClusterRole', 'gone', { kind: 'User', name: 'alice' });
    await expect(checkRoleWrite(it, 'roles', role(pods('delete')))).rejects.toThrow(
      '; resolution errors: [clusterroles.rbac.authorization.k8s.io "gone" not found]',
    );
  });
});

describe('the laws of covering', () => {
  const word = fc.constantFrom('a', 'b', '*', 'a/x', '*/x');
  const words = fc.array(word, { minLength: 1, maxLength: 3 });
  const rule = fc.record({
    verbs: words,
    apiGroups: words,
    resources: words,
    resourceNames: fc.array(fc.constantFrom('n', 'm'), { maxLength: 2 }),
  });

  it('rules cover themselves, and compacting loses nothing', () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 4 }), (rules) => {
        expect(uncovered(rules, rules).map(describeRule)).toEqual([]);
        expect(uncovered(compact(rules), rules).map(describeRule)).toEqual([]);
      }),
    );
  });

  it('what is covered allows nothing that the covering rules do not', () => {
    const request = fc.record({
      verb: fc.constantFrom('a', 'b'),
      group: fc.constantFrom('a', 'b'),
      resource: fc.constantFrom('a', 'b'),
      subresource: fc.constantFrom('', 'x'),
      name: fc.constantFrom('', 'n', 'm'),
    });
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 3 }), rule, request, (owned, wanted, change) => {
        const attributes = list(change);
        if (uncovered(owned, [wanted]).length > 0 || !allows(wanted, attributes)) return;
        expect(owned.some((each) => allows(each, attributes))).toBe(true);
      }),
    );
  });
});
