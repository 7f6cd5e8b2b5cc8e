import { describe, expect, it } from '@jest/globals';
import { CycleState } from '../framework/cycle-state.ts';
import { podInfo } from '../framework/pod-info.ts';
import type { PodOptions } from '../testing/objects.ts';
import { makeNode, makePod, nodeWith, placed } from '../testing/objects.ts';
import { filterAll, scoreAll, testHandle, wantsRetry } from '../testing/plugins.ts';
import { interPodAffinity } from './inter-pod-affinity.ts';

const args = { hardPodAffinityWeight: 1, ignorePreferredTermsOfExistingPods: false };
const term = (app: string, topologyKey = 'zone', more: object = {}) => ({
  labelSelector: { matchLabels: { app } },
  topologyKey,
  ...more,
});
const near = (...terms: object[]): PodOptions => ({
  affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms as never } },
});
const apart = (...terms: object[]): PodOptions => ({
  affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms as never } },
});
const web = (more: PodOptions = {}) => makePod({ labels: { app: 'web' }, ...more });

/** Two zones: a1 and a2 in a, b1 in b; `on` puts pods onto a1. */
const zones = (...on: ReturnType<typeof makePod>[]) => [
  nodeWith(makeNode('a1', { labels: { zone: 'a' } }), ...on),
  nodeWith(makeNode('a2', { labels: { zone: 'a' } })),
  nodeWith(makeNode('b1', { labels: { zone: 'b' } })),
];

const notNear = "node(s) didn't match pod affinity rules";
const notApart = "node(s) didn't match pod anti-affinity rules";
const unwelcome = "node(s) didn't satisfy existing pods anti-affinity rules";

describe('InterPodAffinity filters', () => {
  const filtered = (pod: PodOptions, nodes: ReturnType<typeof zones>, namespaceLabels = {}) => {
    const handle = testHandle(nodes);
    const listers = { ...handle.listers, namespaceLabels: () => namespaceLabels };
    return filterAll(interPodAffinity(args, { ...handle, listers }), makePod(pod), nodes);
  };

  it.each<[string, PodOptions, ReturnType<typeof zones>, Record<string, string>]>([
    ['no affinity anywhere', {}, zones(web()), { a1: 'ok', a2: 'ok', b1: 'ok' }],
    ['near, by zone', near(term('web')), zones(web()), { a1: 'ok', a2: 'ok', b1: notNear }],
    [
      'near, by node',
      near(term('web', 'kubernetes.io/hostname')),
      zones(web()),
      { a1: 'ok', a2: notNear, b1: notNear },
    ],
    ['near nobody', near(term('web')), zones(), { a1: notNear, a2: notNear, b1: notNear }],
    [
      'the first of a group that wants to be near itself',
      { labels: { app: 'web' }, ...near(term('web')) },
      zones(),
      { a1: 'ok', a2: 'ok', b1: 'ok' },
    ],
    [
      'near by a label that no node has',
      near(term('web', 'rack')),
      zones(web()),
      { a1: notNear, a2: notNear, b1: notNear },
    ],
    [
      'near pods of another namespace',
      near(term('web')),
      zones(web({ namespace: 'other' })),
      { a1: notNear, a2: notNear, b1: notNear },
    ],
    [
      'near pods of a named namespace',
      near(term('web', 'zone', { namespaces: ['other'] })),
      zones(web({ namespace: 'other' })),
      { a1: 'ok', a2: 'ok', b1: notNear },
    ],
    [
      'one pod must match all terms',
      near(term('web'), term('db')),
      zones(web(), makePod({ labels: { app: 'db' } })),
      { a1: notNear, a2: notNear, b1: notNear },
    ],
    ['apart, by zone', apart(term('web')), zones(web()), { a1: notApart, a2: notApart, b1: 'ok' }],
    [
      'unwelcome to an existing pod',
      { labels: { app: 'new' } },
      zones(web(apart(term('new')))),
      { a1: unwelcome, a2: unwelcome, b1: 'ok' },
    ],
  ])('%s', (_, pod, nodes, expected) => expect(filtered(pod, nodes)).toEqual(expected));

  it('selects namespaces by label', () => {
    const pod = near(term('web', 'zone', { namespaceSelector: { matchLabels: { team: 'x' } } }));
    const nodes = zones(web({ namespace: 'other' }));
    expect(filtered(pod, nodes, { team: 'x' }).a2).toBe('ok');
    expect(filtered(pod, nodes, { team: 'y' }).a2).toBe(notNear);
  });

  it('follows pods added and removed while trying out preemption', () => {
    const enemy = web();
    const nodes = zones(enemy);
    const plugin = interPodAffinity(args, testHandle(nodes));
    const state = new CycleState();
    const pod = podInfo(makePod(apart(term('web'))));
    plugin.preFilter!(state, pod, nodes);
    const copy = state.clone();
    plugin.removePod!(copy, pod, placed(enemy, 'a1'), nodes[0]!);
    expect(plugin.filter!(copy, pod, nodes[1]!)).toBeUndefined();
    expect(plugin.filter!(state, pod, nodes[1]!)?.message).toBe(notApart);
    plugin.addPod!(copy, pod, placed(enemy, 'b1'), nodes[2]!);
    expect(plugin.filter!(copy, pod, nodes[2]!)?.message).toBe(notApart);
  });

  it('reports a selector that cannot be read', () => {
    const pod = near({ topologyKey: 'zone', labelSelector: { matchExpressions: [{ key: 'a', operator: 'Nope' }] } });
    expect(filtered(pod, zones()).prefilter).toContain('parsing pod: ');
  });
});

describe('InterPodAffinity scores', () => {
  it('weighs preferred terms of the new and the existing pods', () => {
    const prefers = (kind: 'podAffinity' | 'podAntiAffinity', app: string, weight: number) => ({
      affinity: {
        [kind]: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight, podAffinityTerm: term(app) }] },
      },
    });
    const scores = (pod: PodOptions, on: ReturnType<typeof makePod>, changes = {}) => {
      const nodes = zones(on);
      return scoreAll(interPodAffinity({ ...args, ...changes }, testHandle(nodes)), makePod(pod), nodes);
    };
    const toA = { a1: 100, a2: 100, b1: 0 };
    const toB = { a1: 0, a2: 0, b1: 100 };
    expect(scores(prefers('podAffinity', 'web', 5), web())).toEqual(toA);
    expect(scores(prefers('podAntiAffinity', 'web', 5), web())).toEqual(toB);
    const fresh = { labels: { app: 'new' } };
    expect(scores(fresh, web(prefers('podAffinity', 'new', 5)))).toEqual(toA);
    expect(scores(fresh, web(prefers('podAntiAffinity', 'new', 5)))).toEqual(toB);
    expect(scores(fresh, web(near(term('new'))))).toEqual(toA);
    expect(
      scores(fresh, web(prefers('podAffinity', 'new', 5)), { ignorePreferredTermsOfExistingPods: true }),
    ).toBeUndefined();
    expect(scores(fresh, web())).toBeUndefined();
  });
});

describe('InterPodAffinity retries', () => {
  it('for pods its terms, or whose terms, match', () => {
    const plugin = interPodAffinity(args, testHandle([]));
    const pod = makePod(near(term('web')));
    expect(wantsRetry(plugin, 'AssignedPod/Add', { pod, after: web() })).toBe(true);
    expect(wantsRetry(plugin, 'AssignedPod/Add', { pod, after: makePod({ labels: { app: 'db' } }) })).toBe(false);
    const refused = makePod({ labels: { app: 'new' } });
    expect(wantsRetry(plugin, 'AssignedPod/Delete', { pod: refused, before: web(apart(term('new'))) })).toBe(true);
  });
});
