import type { FlowSchema, PriorityLevelConfiguration, ResourcePolicyRule } from '@coracle/api/types/flowcontrol/v1';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { requestInfoOf } from '../request-info.ts';
import { FlowControl } from './flow-control.ts';
import type { Work } from './work.ts';

let now: number;
let control: FlowControl;

beforeEach(() => {
  now = 0;
  control = new FlowControl({ seats: 100, now: () => now });
});

/** The work of a request of so many seats. */
const of = (initial: number): Work => ({ initial, final: 0, after: 0 });

const level = (name: string, shares: number, lendablePercent = 0): PriorityLevelConfiguration => ({
  metadata: { name, uid: `uid of ${name}` },
  spec: {
    type: 'Limited',
    limited: {
      nominalConcurrencyShares: shares,
      lendablePercent,
      limitResponse: { type: 'Queue', queuing: { queues: 16, handSize: 4, queueLengthLimit: 5 } },
    },
  },
});

const everything: ResourcePolicyRule = {
  verbs: ['*'],
  apiGroups: ['*'],
  resources: ['*'],
  namespaces: ['*'],
  clusterScope: true,
};

const schema = (name: string, of: string, spec: Partial<FlowSchema['spec']> = {}): FlowSchema => ({
  metadata: { name },
  spec: {
    priorityLevelConfiguration: { name: of },
    matchingPrecedence: 100,
    rules: [{ subjects: [{ kind: 'User', user: { name: '*' } }], resourceRules: [everything] }],
    ...spec,
  },
});

const pods = '/api/v1/namespaces/a/pods';
const schemaOf = (user: string, groups: string[], method = 'GET', url = pods) =>
  control.classify({ name: user, groups }, requestInfoOf(method, url)).schema.metadata.name;

describe('from the start', () => {
  it('administrators are exempt, and all others of the catch-all', () => {
    expect(schemaOf('root', ['system:masters'])).toBe('exempt');
    expect(schemaOf('x', ['system:authenticated'])).toBe('catch-all');
    expect(schemaOf('x', [])).toBe('catch-all');
    const { level } = control.classify({ name: 'x', groups: [] }, requestInfoOf('GET', pods));
    expect([level.name, level.current]).toEqual(['catch-all', 100]);
  });
});

describe('schemas', () => {
  it('are looked at by precedence, then by name', () => {
    control.configure(
      [schema('b', 'l'), schema('a', 'l'), schema('c', 'l', { matchingPrecedence: 200 })],
      [level('l', 10)],
    );
    expect(control.schemas.map(({ metadata }) => metadata.name)).toEqual(['exempt', 'a', 'b', 'c', 'catch-all']);
    expect(schemaOf('x', [])).toBe('a');
  });

  it('of a level that is not there count for nothing', () => {
    control.configure([schema('a', 'nowhere')], []);
    expect(schemaOf('x', [])).toBe('catch-all');
  });

  it.each([
    ['a user', { kind: 'User', user: { name: 'alice' } }, 'alice', []],
    ['a group', { kind: 'Group', group: { name: 'g' } }, 'x', ['g']],
    [
      'an account',
      { kind: 'ServiceAccount', serviceAccount: { namespace: 'n', name: 's' } },
      'system:serviceaccount:n:s',
      [],
    ],
    [
      'all accounts of a namespace',
      { kind: 'ServiceAccount', serviceAccount: { namespace: 'n', name: '*' } },
      'system:serviceaccount:n:t',
      ['system:serviceaccounts:n'],
    ],
  ])('are about %s', (_what, subject, name, groups) => {
    control.configure(
      [schema('a', 'l', { rules: [{ subjects: [subject], resourceRules: [everything] }] })],
      [level('l', 1)],
    );
    expect(schemaOf(name, groups)).toBe('a');
    expect(schemaOf('somebody', ['else'])).toBe('catch-all');
  });

  it.each<[string, ResourcePolicyRule, string, string, boolean]>([
    ['verb', { ...everything, verbs: ['get'] }, 'GET', `${pods}/x`, true],
    ['another verb', { ...everything, verbs: ['get'] }, 'GET', pods, false],
    ['subresource', { ...everything, resources: ['pods/status'] }, 'GET', `${pods}/x/status`, true],
    ['no subresource', { ...everything, resources: ['pods'] }, 'GET', `${pods}/x/status`, false],
    ['group', { ...everything, apiGroups: ['apps'] }, 'GET', '/apis/apps/v1/namespaces/a/deployments', true],
    ['namespace', { ...everything, namespaces: ['b'] }, 'GET', pods, false],
    ['no namespace', { ...everything, clusterScope: false }, 'GET', '/api/v1/pods', false],
    ['path', everything, 'GET', '/version', false],
  ])('select by %s', (_what, rule, method, url, isMatch) => {
    const rules = [{ subjects: [{ kind: 'User', user: { name: '*' } }], resourceRules: [rule] }];
    control.configure([schema('a', 'l', { rules })], [level('l', 1)]);
    expect(schemaOf('x', [], method, url)).toBe(isMatch ? 'a' : 'catch-all');
  });

  it('select paths', () => {
    const nonResourceRules = [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/debug/*'] }];
    const rules = [{ subjects: [{ kind: 'User', user: { name: '*' } }], nonResourceRules }];
    control.configure([schema('a', 'l', { rules })], [level('l', 1)]);
    const found = ['/healthz', '/healthz/ping', '/debug/x', '/debug'].map((url) => schemaOf('x', [], 'GET', url));
    expect(found).toEqual(['a', 'catch-all', 'a', 'catch-all']);
  });

  it('tell flows apart by user or namespace', () => {
    const handOf = (user: string, url: string) =>
      control.classify({ name: user, groups: [] }, requestInfoOf('GET', url)).hand;
    const other = '/api/v1/namespaces/b/pods';
    control.configure([schema('a', 'l', { distinguisherMethod: { type: 'ByUser' } })], [level('l', 1)]);
    expect(handOf('x', pods)).toEqual(handOf('x', other));
    expect(handOf('x', pods)).not.toEqual(handOf('y', pods));
    control.configure([schema('a', 'l', { distinguisherMethod: { type: 'ByNamespace' } })], [level('l', 1)]);
    expect(handOf('x', pods)).not.toEqual(handOf('x', other));
    expect(handOf('x', pods)).toEqual(handOf('y', pods));
  });
});

describe('levels', () => {
  const levelNamed = (name: string) => control.levels.find((each) => each.name === name);

  it('lend seats that nobody asks for from the start, and get them back when they need them', async () => {
    control.configure([], [level('lender', 45, 100), level('borrower', 50)]);
    const [lender, borrower] = [levelNamed('lender')!, levelNamed('borrower')!];
    expect([lender.current, borrower.current, levelNamed('catch-all')!.current]).toEqual([0, 91, 9]);
    for (let i = 0; i < 91; i++) expect(borrower.seats.admit([0], of(1))).toBeDefined();
    const waiting = Array.from({ length: 4 }, (_, at) =>
      lender.seats.wait([at], of(10), 60_000, new AbortController().signal),
    );
    now += 10_000;
    control.adjust();
    expect([lender.current, borrower.current]).toEqual([40, 55]);
    await Promise.all(waiting);
    expect(borrower.seats.admit([0], of(1))).toBeUndefined();
  });

  it('let one request have 0.15 of their seats, and as many as leave one for each queue of a hand', () => {
    const widest = (shares: number, limitResponse: object) => {
      const limited = { nominalConcurrencyShares: shares, limitResponse } as never;
      control.configure([], [{ metadata: { name: 'l' }, spec: { type: 'Limited', limited } }]);
      return levelNamed('l')!.widest;
    };
    const queuing = (handSize: number) => ({ type: 'Queue', queuing: { queues: 64, handSize, queueLengthLimit: 50 } });
    expect(widest(95, queuing(4))).toBe(15);
    expect(widest(95, queuing(10))).toBe(9);
    expect(widest(1, queuing(8))).toBe(2);
    expect(widest(0, queuing(8))).toBe(1);
    expect(widest(95, { type: 'Reject' })).toBe(Number.POSITIVE_INFINITY);
  });

  it('that are gone stay until their requests have ended', () => {
    control.configure([schema('a', 'l')], [level('l', 95)]);
    const { level: gone } = control.classify({ name: 'x', groups: [] }, requestInfoOf('GET', pods));
    const seated = gone.seats.admit([0], of(1))!;
    control.configure([schema('a', 'l')], []);
    expect(schemaOf('x', [])).toBe('catch-all');
    expect([levelNamed('l')!.leaving, levelNamed('catch-all')!.current]).toEqual([true, 5]);
    gone.seats.leave(seated);
    control.adjust();
    expect(levelNamed('l')).toBeUndefined();
    expect(levelNamed('catch-all')!.current).toBe(100);
  });
});
