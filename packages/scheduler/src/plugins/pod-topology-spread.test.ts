import { describe, expect, it } from '@jest/globals';
import { CycleState } from '../framework/cycle-state.ts';
import { podInfo } from '../framework/pod-info.ts';
import type { PodOptions } from '../testing/objects.ts';
import { makeNode, makePod, nodeWith, placed } from '../testing/objects.ts';
import { filterAll, scoreAll, selects, testHandle, wantsRetry } from '../testing/plugins.ts';
import { podTopologySpread } from './pod-topology-spread.ts';

const args = { defaultConstraints: [], defaultingType: 'System' as const };
const skewed = "node(s) didn't match pod topology spread constraints";
const web = (more: PodOptions = {}) => makePod({ labels: { app: 'web' }, ...more });
const webs = (count: number) => Array.from({ length: count }, () => web());

const constraint = (more: object = {}) => ({
  maxSkew: 1,
  topologyKey: 'zone',
  whenUnsatisfiable: 'DoNotSchedule',
  labelSelector: { matchLabels: { app: 'web' } },
  ...more,
});
const spread = (...list: object[]): PodOptions => ({
  labels: { app: 'web' },
  topologySpreadConstraints: list as never,
});

/** Zone a with the given number of web pods on a1 and a2, zone b with some on b1. */
const cluster = (a1: number, a2: number, b1: number) => [
  nodeWith(makeNode('a1', { labels: { zone: 'a' } }), ...webs(a1)),
  nodeWith(makeNode('a2', { labels: { zone: 'a' } }), ...webs(a2)),
  nodeWith(makeNode('b1', { labels: { zone: 'b' } }), ...webs(b1)),
];

describe('PodTopologySpread filters', () => {
  const host = 'kubernetes.io/hostname';
  const tainted = { taints: [{ key: 'k', effect: 'NoSchedule' }] };
  it.each<[string, PodOptions, ReturnType<typeof cluster>, Record<string, string>]>([
    ['no constraint', {}, cluster(5, 0, 0), { a1: 'ok', a2: 'ok', b1: 'ok' }],
    ['even zones', spread(constraint()), cluster(1, 0, 1), { a1: 'ok', a2: 'ok', b1: 'ok' }],
    ['a fuller zone', spread(constraint()), cluster(1, 0, 0), { a1: skewed, a2: skewed, b1: 'ok' }],
    ['a larger skew', spread(constraint({ maxSkew: 2 })), cluster(1, 0, 0), { a1: 'ok', a2: 'ok', b1: 'ok' }],
    ['by node', spread(constraint({ topologyKey: host })), cluster(1, 0, 1), { a1: skewed, a2: 'ok', b1: skewed }],
    [
      'both',
      spread(constraint(), constraint({ topologyKey: host })),
      cluster(1, 0, 1),
      { a1: skewed, a2: 'ok', b1: skewed },
    ],
    [
      'a pod its selector does not select',
      { ...spread(constraint()), labels: {} },
      cluster(1, 0, 0),
      { a1: 'ok', a2: 'ok', b1: 'ok' },
    ],
    [
      'too few domains',
      spread(constraint({ minDomains: 3 })),
      cluster(1, 0, 1),
      { a1: skewed, a2: skewed, b1: skewed },
    ],
    [
      'a node without the label',
      spread(constraint()),
      [nodeWith(makeNode('n'))],
      { n: `${skewed} (missing required label)` },
    ],
    [
      'only nodes the pod may use count',
      { ...spread(constraint()), nodeSelector: { zone: 'a' } },
      cluster(1, 0, 0),
      { a1: 'ok', a2: 'ok', b1: 'ok' },
    ],
    [
      'unless told to ignore that',
      { ...spread(constraint({ nodeAffinityPolicy: 'Ignore' })), nodeSelector: { zone: 'a' } },
      cluster(1, 0, 0),
      { a1: skewed, a2: skewed, b1: 'ok' },
    ],
    [
      'tainted nodes count',
      spread(constraint()),
      [...cluster(1, 0, 1), nodeWith(makeNode('c1', { labels: { zone: 'c' }, ...tainted }))],
      { a1: skewed, a2: skewed, b1: skewed, c1: 'ok' },
    ],
    [
      'unless told to honor taints',
      spread(constraint({ nodeTaintsPolicy: 'Honor' })),
      [...cluster(1, 0, 1), nodeWith(makeNode('c1', { labels: { zone: 'c' }, ...tainted }))],
      { a1: 'ok', a2: 'ok', b1: 'ok', c1: 'ok' },
    ],
    [
      'the selector tells revisions apart, into which matchLabelKeys are folded',
      {
        ...spread(
          constraint({
            matchLabelKeys: ['rev'],
            labelSelector: {
              matchLabels: { app: 'web' },
              matchExpressions: [{ key: 'rev', operator: 'In', values: ['2'] }],
            },
          }),
        ),
        labels: { app: 'web', rev: '2' },
      },
      cluster(3, 0, 0),
      { a1: 'ok', a2: 'ok', b1: 'ok' },
    ],
    [
      'matchLabelKeys count as they were folded, whatever the labels are by now',
      { ...spread(constraint({ matchLabelKeys: ['rev'] })), labels: { app: 'web', rev: '2' } },
      cluster(3, 0, 0),
      { a1: skewed, a2: skewed, b1: 'ok' },
    ],
  ])('%s', (_, pod, nodes, expected) => {
    expect(filterAll(podTopologySpread(args, testHandle(nodes)), makePod(pod), nodes)).toEqual(expected);
  });

  it('counts neither pods of other namespaces nor those on their way out', () => {
    const leaving = web({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
    const nodes = [
      nodeWith(makeNode('a1', { labels: { zone: 'a' } }), leaving, web({ namespace: 'other' })),
      nodeWith(makeNode('b1', { labels: { zone: 'b' } })),
    ];
    const plugin = podTopologySpread(args, testHandle(nodes));
    expect(filterAll(plugin, makePod(spread(constraint())), nodes)).toEqual({ a1: 'ok', b1: 'ok' });
  });

  it('follows pods added and removed while trying out preemption', () => {
    const nodes = cluster(1, 0, 0);
    const plugin = podTopologySpread(args, testHandle(nodes));
    const state = new CycleState();
    const pod = podInfo(makePod(spread(constraint())));
    plugin.preFilter!(state, pod, nodes);
    const copy = state.clone();
    plugin.removePod!(copy, pod, nodes[0]!.pods[0]!, nodes[0]!);
    expect(plugin.filter!(copy, pod, nodes[1]!)).toBeUndefined();
    expect(plugin.filter!(state, pod, nodes[1]!)?.message).toBe(skewed);
    plugin.addPod!(copy, pod, placed(web(), 'b1'), nodes[2]!);
    expect(plugin.filter!(copy, pod, nodes[2]!)?.message).toBe(skewed);
  });
});

describe('PodTopologySpread scores', () => {
  const soft = (more: object = {}) => constraint({ whenUnsatisfiable: 'ScheduleAnyway', ...more });

  it('prefers emptier zones', () => {
    const nodes = cluster(2, 0, 1);
    const scores = scoreAll(podTopologySpread(args, testHandle(nodes)), makePod(spread(soft())), nodes)!;
    expect(scores.b1).toBeGreaterThan(scores.a1!);
    expect(scores.a1).toBe(scores.a2);
  });

  it('gives nodes without the label nothing', () => {
    const nodes = [...cluster(1, 0, 0), nodeWith(makeNode('n'))];
    const scores = scoreAll(podTopologySpread(args, testHandle(nodes)), makePod(spread(soft())), nodes)!;
    expect(scores.n).toBe(0);
    expect(scores.b1).toBe(100);
  });

  it('spreads pods of a Service over nodes by default, also without zones', () => {
    const nodes = [
      nodeWith(makeNode('n1'), ...webs(2)),
      nodeWith(makeNode('n2'), ...webs(1)),
      nodeWith(makeNode('n3')),
    ];
    const handle = testHandle(nodes);
    const listers = { ...handle.listers, selectorsFor: () => [selects({ app: 'web' })] };
    const scores = scoreAll(podTopologySpread(args, { ...handle, listers }), web(), nodes)!;
    expect(scores.n3).toBeGreaterThan(scores.n2!);
    expect(scores.n2).toBeGreaterThan(scores.n1!);
    expect(scoreAll(podTopologySpread(args, handle), web(), nodes)).toBeUndefined();
  });

  it('takes default constraints from its arguments', () => {
    const nodes = cluster(1, 0, 0);
    const handle = testHandle(nodes);
    const listers = { ...handle.listers, selectorsFor: () => [selects({ app: 'web' })] };
    const list = { defaultingType: 'List' as const, defaultConstraints: [constraint()] };
    expect(filterAll(podTopologySpread(list, { ...handle, listers }), web(), nodes)).toEqual({
      a1: skewed,
      a2: skewed,
      b1: 'ok',
    });
  });
});

it('PodTopologySpread retries for pods it counts and nodes it can use', () => {
  const plugin = podTopologySpread(args, testHandle([]));
  const pod = makePod(spread(constraint()));
  expect(wantsRetry(plugin, 'AssignedPod/Delete', { pod, before: web() })).toBe(true);
  expect(wantsRetry(plugin, 'AssignedPod/Delete', { pod, before: makePod({ labels: { app: 'db' } }) })).toBe(false);
  expect(wantsRetry(plugin, 'Node/Add', { pod, after: makeNode('n', { labels: { zone: 'c' } }) })).toBe(true);
  expect(wantsRetry(plugin, 'Node/Add', { pod, after: makeNode('n') })).toBe(false);
});
