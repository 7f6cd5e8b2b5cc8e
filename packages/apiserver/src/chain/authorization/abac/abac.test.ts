import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSubjectRulesReview } from '@coracle/api/authorization/v1/selfsubjectrulesreview';
import { configMap } from '@coracle/api/core/v1/configmap';
import { node } from '@coracle/api/core/v1/node';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type SecureServer, startSecureServer } from '../../../testing/secure-server.ts';
import type { Attributes } from '../authorizer.ts';
import { abacAuthorizer } from './authorizer.ts';
import { readPolicyFile } from './policy-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'abac-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(...lines: (object | string)[]): Promise<string> {
  const path = join(folder, 'policy.jsonl');
  await writeFile(path, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return path;
}

const v1beta1 = (spec: object) => ({ apiVersion: 'abac.authorization.kubernetes.io/v1beta1', kind: 'Policy', spec });

type Asked = [user: string, groups: string, verb: string, what: string];

function attributes([name, groups, verb, what]: Asked): Attributes {
  const user = { name, groups: groups.split(' ') };
  if (what.startsWith('/')) return { user, verb, path: what };
  const [namespace = '', resource = '', group = ''] = what.split(' ');
  return { user, verb, group, version: 'v1', resource, subresource: '', namespace, name: '' };
}

describe('a policy file', () => {
  const everything = { apiGroup: '*', namespace: '*', resource: '*' };
  it.each<[string, object, Asked, boolean]>([
    ['names a user', { user: 'ann', ...everything }, ['ann', '', 'delete', 'shop pods'], true],
    ['names another user', { user: 'ann', ...everything }, ['ben', '', 'get', 'shop pods'], false],
    ['names a group', { group: 'ops', ...everything }, ['ben', 'dev ops', 'get', 'shop pods'], true],
    [
      'names a user of a group',
      { user: 'ann', group: 'ops', ...everything },
      ['ann', 'dev', 'get', 'shop pods'],
      false,
    ],
    ['names everybody', { user: '*', ...everything }, ['ben', 'system:authenticated', 'get', 'shop pods'], true],
    [
      'does not name the anonymous',
      { user: '*', ...everything },
      ['x', 'system:unauthenticated', 'get', 'a pods'],
      false,
    ],
    ['names nobody', { ...everything }, ['ann', 'system:authenticated', 'get', 'shop pods'], false],
    ['allows reading', { user: 'ann', readonly: true, ...everything }, ['ann', '', 'watch', 'shop pods'], true],
    [
      'allows nothing but reading',
      { user: 'ann', readonly: true, ...everything },
      ['ann', '', 'update', 'a pods'],
      false,
    ],
    ['is of a namespace', { user: 'ann', namespace: 'shop', resource: '*' }, ['ann', '', 'get', 'shop pods'], true],
    [
      'is of another namespace',
      { user: 'ann', namespace: 'shop', resource: '*' },
      ['ann', '', 'get', 'lab pods'],
      false,
    ],
    ['is of a resource', { user: 'ann', namespace: '*', resource: 'pods' }, ['ann', '', 'get', 'shop secrets'], false],
    [
      'is of the core group',
      { user: 'ann', namespace: '*', resource: '*' },
      ['ann', '', 'get', 'a deployments apps'],
      false,
    ],
    ['is of a group', { user: 'ann', ...everything, apiGroup: 'apps' }, ['ann', '', 'get', 'a deployments apps'], true],
    ['is of resources, not paths', { user: 'ann', ...everything }, ['ann', '', 'get', '/healthz'], false],
    ['is of a path', { user: 'ann', nonResourcePath: '/healthz' }, ['ann', '', 'get', '/healthz'], true],
    ['is of paths below', { user: 'ann', nonResourcePath: '/api*' }, ['ann', '', 'get', '/apis/apps'], true],
    ['is of other paths', { user: 'ann', nonResourcePath: '/api/*' }, ['ann', '', 'get', '/apis/apps'], false],
    ['is of paths, not resources', { user: 'ann', nonResourcePath: '*' }, ['ann', '', 'get', 'shop pods'], false],
  ])('%s', async (_name, spec, asked, allowed) => {
    const authorizer = abacAuthorizer(readPolicyFile(await file('# who may what', '', v1beta1(spec))));
    expect(authorizer.authorize(attributes(asked))).toEqual(
      allowed ? { decision: 'allow', reason: '' } : { decision: 'noOpinion', reason: 'No policy matched.' },
    );
  });

  it('may be of before there were versions: what it leaves open is allowed', async () => {
    const authorizer = abacAuthorizer(
      readPolicyFile(
        await file({ user: 'ann' }, { group: 'dev', namespace: 'lab' }, { readonly: true, resource: 'pods' }),
      ),
    );
    const decide = (...asked: Asked) => (authorizer.authorize(attributes(asked)) as { decision: string }).decision;
    expect(decide('ann', '', 'delete', 'a deployments apps')).toBe('allow');
    expect(decide('ann', '', 'get', '/metrics')).toBe('allow');
    expect(decide('x', 'dev', 'create', 'lab pods')).toBe('allow');
    expect(decide('x', 'dev', 'get', '/metrics')).toBe('noOpinion');
    expect(decide('y', 'system:authenticated', 'get', 'a pods')).toBe('allow');
    expect(decide('y', 'system:authenticated', 'create', 'a pods')).toBe('noOpinion');
  });

  it.each([
    ['no JSON', '{', /^error reading policy file .*policy.jsonl, line 1: {: /],
    [
      'another version',
      { apiVersion: 'abac.authorization.kubernetes.io/v2', kind: 'Policy', spec: {} },
      /line 1: .*apiVersion/,
    ],
    ['a field that does not exist', v1beta1({ user: 'ann', verb: 'get' }), /line 1: .*verb/],
    ['a value of another type', v1beta1({ user: 'ann', readonly: 'yes' }), /line 1: .*spec.readonly/],
  ])('is refused with %s', async (_name, line, message) => {
    const path = await file('', line);
    expect(() => readPolicyFile(path)).toThrow(message);
  });

  it('is refused where it is not there', () => {
    expect(() => readPolicyFile('/nowhere/policy')).toThrow(/^error reading policy file \/nowhere\/policy: ENOENT/);
  });
});

describe('a server of mode ABAC', () => {
  let server: SecureServer;
  afterAll(() => server?.close());

  it('lets users do what the file allows, tells them their rules, and asks RBAC where that comes next', async () => {
    const path = await file(
      v1beta1({ user: 'ann', namespace: 'default', resource: 'configmaps', apiGroup: '' }),
      v1beta1({ user: 'ann', namespace: '*', resource: 'nodes', apiGroup: '*', readonly: true }),
      v1beta1({ user: 'ann', namespace: '*', nonResourcePath: '/metrics', readonly: true }),
    );
    server = await startSecureServer('--authorization-mode=ABAC,RBAC', `--authorization-policy-file=${path}`);
    const ann = await server.as('ann');
    await ann.create(configMap, { metadata: { name: 'a', namespace: 'default' } });
    await ann.list(node);
    await expect(ann.create(configMap, { metadata: { name: 'a', namespace: 'kube-system' } })).rejects.toMatchObject({
      code: 403,
      message:
        'configmaps is forbidden: User "ann" cannot create resource "configmaps" in API group "" in the namespace "kube-system": No policy matched.',
    });
    const review = await ann.create(selfSubjectRulesReview, { metadata: {}, spec: { namespace: 'default' } });
    expect(review.status!.resourceRules).toEqual(
      expect.arrayContaining([
        { verbs: ['*'], apiGroups: [''], resources: ['configmaps'] },
        { verbs: ['get', 'list', 'watch'], apiGroups: ['*'], resources: ['nodes'] },
      ]),
    );
    expect(review.status!.nonResourceRules).toContainEqual({
      verbs: ['get', 'list', 'watch'],
      nonResourceURLs: ['/metrics'],
    });
  });

  it.each([
    [
      'without its file',
      ['--authorization-mode=ABAC'],
      "authorization-mode ABAC's authorization policy file not passed",
    ],
    [
      'whose mode is missing',
      ['--authorization-mode=RBAC', '--authorization-policy-file=/a'],
      'cannot specify --authorization-policy-file without mode ABAC',
    ],
    [
      'and others twice',
      ['--authorization-mode=RBAC,RBAC'],
      'authorization-mode ["RBAC" "RBAC"] has mode specified more than once',
    ],
    ['and others unknown', ['--authorization-mode=ACL'], 'authorization-mode "ACL" is not a valid mode'],
  ])('%s is refused', async (_name, flags, message) => {
    await expect(startSecureServer(...flags)).rejects.toThrow(message);
  });
});
