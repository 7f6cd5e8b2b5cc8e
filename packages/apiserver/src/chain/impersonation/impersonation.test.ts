import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import type { Attributes, Authorizer } from '../authorization/authorizer.ts';
import type { RequestContext } from '../link.ts';
import { requestInfoOf } from '../request-info.ts';
import { impersonation } from './index.ts';
import { impersonationMetrics } from './metrics.ts';

type Question = `${string} ${string}`;

/** What is asked, as `verb resource/name`. */
function question(asked: Attributes): Question {
  if (asked.path !== undefined) return `${asked.verb} ${asked.path}`;
  const { verb, group, resource, subresource, namespace, name } = asked;
  const what = [resource, subresource].filter((each) => each !== '').join('/');
  return `${verb} ${[group, namespace, what, name].filter((each) => each !== '').join(' ')}`;
}

interface Asker {
  name?: string;
  extra?: Record<string, string[]>;
  /** Whether nothing can be decided. */
  broken?: boolean;
}

/** Sends requests as one user, who is allowed what is listed. */
function sender({ name = 'gail', extra = {}, broken = false }: Asker, ...allowed: Question[]) {
  const questions: Question[] = [];
  const users: object[] = [];
  const answer = new Map<string, string>();
  const authorizer: Authorizer = {
    authorize(attributes) {
      questions.push(question(attributes));
      users.push(attributes.user);
      const isAllowed = allowed.includes(question(attributes));
      if (broken) return { decision: 'noOpinion', reason: 'not today', failure: 'the webhook is away' };
      return { decision: isAllowed ? 'allow' : 'noOpinion', reason: '' };
    },
    rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
  };
  const metrics = new Registry();
  const link = impersonation(authorizer, impersonationMetrics(metrics));
  const send = async (
    headers: Record<string, string | string[]>,
    path = '/api/v1/namespaces/shop/pods',
    method = 'GET',
  ) => {
    questions.length = 0;
    users.length = 0;
    answer.clear();
    const context = {
      req: { headers: { ...headers }, rawHeaders: sent(headers) },
      res: { setHeader: (header: string, value: string) => answer.set(header, value) },
      info: requestInfoOf(method, path),
      user: { name, uid: '', groups: ['system:authenticated'], extra },
    } as unknown as RequestContext;
    await link(context, async () => undefined);
    return context;
  };
  return { send, questions, users, metrics, answer };
}

/** Headers as they come: one line for each value. */
const sent = (headers: Record<string, string | string[]>): string[] =>
  Object.entries(headers).flatMap(([header, values]) => [values].flat().flatMap((value) => [header, value]));

const as = (user: string, more: Record<string, string | string[]> = {}) => ({ 'impersonate-user': user, ...more });
const on = 'impersonate-on:user-info:list shop pods';
const who = 'impersonate:user-info authentication.k8s.io';

describe('impersonation', () => {
  it('is not asked for by requests without its headers', async () => {
    const { send, questions } = sender({});
    const context = await send({ accept: '*/*' });
    expect([context.user.name, context.impersonator, questions]).toEqual(['gail', undefined, []]);
  });

  it('of a user is allowed for some requests by the narrow verbs, and for no other', async () => {
    const { send } = sender({}, on, `${who} users jane`);
    const context = await send(as('jane'));
    expect(context.user).toEqual({ name: 'jane', uid: '', groups: ['system:authenticated'], extra: {} });
    expect(context.impersonator?.name).toBe('gail');
    expect(context.impersonationConstraint).toBe('impersonate:user-info');
    expect(context.req.headers).toEqual({});
    await expect(send(as('jane'), '/api/v1/namespaces/lab/pods')).rejects.toMatchObject({
      code: 403,
      message:
        'pods is forbidden: User "gail" cannot impersonate-on:user-info:list resource "pods" in API group "" in the namespace "lab"',
    });
    await expect(send(as('joe'))).rejects.toMatchObject({
      message:
        'users.authentication.k8s.io "joe" is forbidden: User "gail" cannot impersonate:user-info resource "users" in API group "authentication.k8s.io" at the cluster scope',
    });
  });

  it('needs every part of the identity', async () => {
    const headers = as('jane', {
      'impersonate-uid': '7',
      'impersonate-group': 'dev',
      'impersonate-extra-a.io%2fb': 'c',
    });
    const parts: Question[] = [on, `${who} users jane`, `${who} uids 7`, `${who} groups dev`];
    const extra: Question = `${who} userextras/a.io/b c`;
    const { user } = await sender({}, ...parts, extra).send(headers);
    expect(user).toMatchObject({ uid: '7', groups: ['dev', 'system:authenticated'], extra: { 'a.io/b': ['c'] } });
    await expect(sender({}, ...parts).send(headers)).rejects.toMatchObject({
      message: expect.stringContaining('cannot impersonate:user-info resource "userextras/a.io/b"'),
    });
  });

  it('of many groups is allowed by all of them at once', async () => {
    const headers = as('jane', { 'impersonate-group': ['a', 'b', 'c', 'd'] });
    const { send, questions } = sender({}, on, `${who} users jane`, `${who} groups *`);
    await send(headers);
    expect(questions).toEqual([on, `${who} users jane`, `${who} groups *`]);
  });

  it.each([
    [
      'system:masters',
      { 'impersonate-group': 'system:masters' },
      'impersonating the system:masters group is not allowed',
    ],
    [
      'extra fields without a domain',
      { 'impersonate-extra-scopes': 'view' },
      'impersonating an invalid key in extra is not allowed: extra.key: Invalid value: "scopes": must be a domain-prefixed path (such as "acme.io/foo")',
    ],
  ])('by the narrow verbs is not of %s, however much they allow', async (_name, headers, why) => {
    const all: Question[] = [on, `${who} users jane`, `${who} groups system:masters`, `${who} userextras/scopes view`];
    await expect(sender({}, ...all).send(as('jane', headers as Record<string, string>))).rejects.toMatchObject({
      code: 403,
      message: expect.stringContaining(why),
    });
  });

  it('is allowed for all requests by the verb impersonate, as ever', async () => {
    const { send, questions } = sender({}, 'impersonate users jane', 'impersonate groups system:masters');
    const context = await send(as('jane', { 'impersonate-group': 'system:masters' }));
    expect(context.user.groups).toEqual(['system:masters', 'system:authenticated']);
    expect(context.impersonationConstraint).toBeUndefined();
    expect(questions[0]).toBe(on);
    await send(as('jane'));
    expect(questions).toEqual(['impersonate users jane']); // what was good last time is tried first
  });

  it('of a service account brings its groups', async () => {
    const { send } = sender(
      {},
      'impersonate-on:serviceaccount:list shop pods',
      'impersonate:serviceaccount authentication.k8s.io lab serviceaccounts robot',
    );
    const { user, impersonationConstraint } = await send(as('system:serviceaccount:lab:robot'));
    expect(user.groups).toEqual(['system:serviceaccounts', 'system:serviceaccounts:lab', 'system:authenticated']);
    expect(impersonationConstraint).toBe('impersonate:serviceaccount');
  });

  it('of any node brings its group', async () => {
    const { send } = sender(
      {},
      'impersonate-on:arbitrary-node:list shop pods',
      'impersonate:arbitrary-node authentication.k8s.io nodes n1',
    );
    const { user } = await send(as('system:node:n1'));
    expect(user).toMatchObject({ name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] });
  });

  it("of a service account's own node is allowed without naming it", async () => {
    const agent = {
      name: 'system:serviceaccount:kube-system:agent',
      extra: { 'authentication.kubernetes.io/node-name': ['n1'], 'authentication.kubernetes.io/pod-name': ['p'] },
    };
    const allowed: Question[] = [
      'impersonate-on:associated-node:list shop pods',
      'impersonate:associated-node authentication.k8s.io nodes *',
    ];
    const { send, users } = sender(agent, ...allowed);
    const { user, impersonationConstraint } = await send(as('system:node:n1'));
    expect(user.groups).toEqual(['system:nodes', 'system:authenticated']);
    expect(impersonationConstraint).toBe('impersonate:associated-node');
    expect(users[0]).toMatchObject({
      extra: { 'authentication.kubernetes.io/associated-node-keys': Object.keys(agent.extra).sort() },
    });
    await expect(send(as('system:node:n2'))).rejects.toMatchObject({ code: 403 });
  });

  it('is counted by the mode that allowed it, as are the questions it takes', async () => {
    const { send, metrics } = sender({}, on, `${who} users jane`, 'impersonate users joe');
    await send(as('jane'));
    await send(as('joe'));
    await expect(send(as('jim'))).rejects.toMatchObject({ code: 403 });
    const counts = async (name: string) => {
      const { values } = (await metrics.getMetricsAsJSON()).find(
        (each) => each.name === `apiserver_impersonation_${name}`,
      )!;
      return Object.fromEntries(values.map(({ labels, value }) => [`${labels['mode']} ${labels['decision']}`, value]));
    };
    expect(await counts('attempts_total')).toEqual({ 'user-info allowed': 1, 'legacy allowed': 1, ' denied': 1 });
    expect(await counts('authorization_attempts_total')).toEqual({
      'user-info allowed': 4,
      'user-info denied': 2,
      'legacy allowed': 1,
      'legacy denied': 1,
    });
    const text = await metrics.metrics();
    expect(text).toContain(
      'apiserver_impersonation_attempts_duration_seconds_bucket{mode="",decision="denied",le="16.384"} 1',
    );
    expect(text).toContain(
      'apiserver_impersonation_authorization_attempts_duration_seconds_count{mode="legacy",decision="denied"} 1',
    );
  });

  it('without a name is refused', async () => {
    await expect(sender({}).send({ 'impersonate-group': 'dev' })).rejects.toMatchObject({
      code: 400,
      message:
        'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"dev"}, Extra:map[string][]string(nil)} without impersonating a user name',
    });
  });

  it('takes no empty value for none', async () => {
    const { send, answer } = sender({}, on, `${who} users jane`, 'impersonate users jane');
    await expect(send({ 'impersonate-group': '' })).rejects.toMatchObject({
      code: 400,
      message: expect.stringContaining('Groups:[]string{""}, Extra'),
    });
    expect(answer.get('X-Content-Type-Options')).toBe('nosniff');
    await expect(send(as('jane', { 'impersonate-group': '' }))).rejects.toMatchObject({
      code: 403,
      message: expect.stringContaining('impersonating the empty string group is not allowed'),
    });
    expect(answer.get('X-Content-Type-Options')).toBe('nosniff');
    await expect(send(as('jane', { 'impersonate-extra-a.io%2fb': '' }))).rejects.toMatchObject({
      message: expect.stringContaining('impersonating the empty string value in extra is not allowed'),
    });
    const { user, impersonator } = await send({ 'impersonate-user': ['', 'jane'] });
    expect([user.name, impersonator]).toEqual(['gail', undefined]);
  });

  it.each([
    ['keys may be escaped, for upper case too', { 'impersonate-extra-%41%c3%84': 'x' }, { AÄ: ['x'] }],
    ['keys that are not validly escaped are taken as they are', { 'impersonate-extra-a%4': 'x' }, { 'a%4': ['x'] }],
    [
      'a key may be written in two ways',
      { 'impersonate-extra-a': 'x', 'impersonate-extra-%61': 'y' },
      { a: ['x', 'y'] },
    ],
    ['a key may be called like what objects have', { 'impersonate-extra-__proto__': 'x' }, { ['__proto__']: ['x'] }],
  ])('of extra fields: %s', async (_name, headers, extra) => {
    const asked = Object.entries(extra).flatMap(([key, all]) =>
      all.map((value): Question => `impersonate authentication.k8s.io userextras/${key} ${value}`),
    );
    const { user } = await sender({}, 'impersonate users jane', ...asked).send(
      as('jane', headers as unknown as Record<string, string>),
    );
    expect(Object.entries(user.extra!)).toEqual(Object.entries(extra));
  });

  it('reads names as UTF-8', async () => {
    const name = Buffer.from('jürgenà').toString('latin1');
    const { user } = await sender({}, 'impersonate users jürgenà').send(as(` ${name}\t`));
    expect(user.name).toBe('jürgenà');
  });

  it('takes what no service account can be called for a user', async () => {
    const { user } = await sender({}, 'impersonate users system:serviceaccount:Lab:robot').send(
      as('system:serviceaccount:Lab:robot'),
    );
    expect(user.groups).toEqual(['system:authenticated']);
  });

  it('tells why it could not be decided', async () => {
    await expect(sender({ broken: true }).send(as('jane'))).rejects.toMatchObject({
      code: 403,
      message: expect.stringMatching(/"shop": the webhook is away: not today$/),
    });
  });
});
