import { describe, expect, it } from '@jest/globals';
import { defaultProfile } from './config/configuration.ts';
import { CycleState } from './framework/cycle-state.ts';
import type { NodeInfo } from './framework/node-info.ts';
import { podInfo } from './framework/pod-info.ts';
import { makeProfiles } from './profiles.ts';
import { enoughFeasibleNodes, NodeFinder } from './schedule-pod.ts';
import type { PodOptions } from './testing/objects.ts';
import { makeNode, makePod, nodeWith } from './testing/objects.ts';
import { testHandle } from './testing/plugins.ts';

function find(
  nodes: NodeInfo[],
  pod: PodOptions,
  nominate: (handle: ReturnType<typeof testHandle>) => void = () => {},
) {
  const handle = testHandle(nodes);
  nominate(handle);
  const metrics = { point: () => {}, attempted: () => {}, victims: () => {} };
  const profile = makeProfiles([defaultProfile()], handle, metrics).get('default-scheduler')!;
  return new NodeFinder(handle.snapshot, 0, () => 0).find(profile, new CycleState(), podInfo(makePod(pod)));
}

const named = (...values: string[]): PodOptions => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values }] }],
      },
    },
  },
});

describe('finding a node', () => {
  it('takes the best of those that fit', () => {
    const nodes = [
      nodeWith(makeNode('full'), makePod({ requests: { cpu: '4' } })),
      nodeWith(makeNode('half'), makePod({ requests: { cpu: '2', memory: '4Gi' } })),
      nodeWith(makeNode('idle')),
    ];
    expect(find(nodes, { requests: { cpu: '1' } })).toEqual({ node: 'idle', evaluated: 3, feasible: 2 });
  });

  it.each<[string, PodOptions, NodeInfo[], string]>([
    [
      'counts nodes by reason, reasons in order',
      { requests: { cpu: '9' } },
      [nodeWith(makeNode('a')), nodeWith(makeNode('b', { unschedulable: true })), nodeWith(makeNode('c'))],
      '0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.',
    ],
    [
      'counts every reason of a node',
      { requests: { cpu: '9', memory: '99Gi' } },
      [nodeWith(makeNode('a'))],
      '0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory.',
    ],
    [
      'names the plugin that narrowed the search',
      named('a'),
      [nodeWith(makeNode('a', { unschedulable: true })), nodeWith(makeNode('b'))],
      "0/2 nodes are available: 1 node(s) didn't satisfy plugin(s) [NodeAffinity], 1 node(s) were unschedulable.",
    ],
    [
      'tells why PreFilter refused all',
      {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [] }] }],
            },
          },
        },
      },
      [nodeWith(makeNode('a'))],
      '0/1 nodes are available: pod affinity terms conflict.',
    ],
    ['has no nodes', {}, [], 'no nodes available to schedule pods'],
  ])('%s', (_, pod, nodes, message) => expect(() => find(nodes, pod)).toThrow(message));

  it('counts room that is nominated to pods of at least the same priority as taken', () => {
    const nodes = [nodeWith(makeNode('n'))];
    const nominee = (priority: number) => (handle: ReturnType<typeof testHandle>) =>
      handle.nominator.add(podInfo(makePod({ priority, requests: { cpu: '4' } })), 'n');
    expect(() => find(nodes, { priority: 5, requests: { cpu: '1' } }, nominee(5))).toThrow('Insufficient cpu');
    expect(find(nodes, { priority: 5, requests: { cpu: '1' } }, nominee(4)).node).toBe('n');
  });

  it('goes to the nominated node without looking further', () => {
    const nodes = [nodeWith(makeNode('idle')), nodeWith(makeNode('n'), makePod({ requests: { cpu: '2' } }))];
    const placement = find(nodes, { requests: { cpu: '1' }, status: { nominatedNodeName: 'n' } });
    expect(placement).toEqual({ node: 'n', evaluated: 1, feasible: 1 });
  });

  it.each([
    [10, 0, 10],
    [99, 1, 99],
    [200, 0, 100],
    [1000, 0, 420],
    [6000, 0, 300],
    [5000, 40, 2000],
    [5000, 100, 5000],
  ])('of %d nodes at %d %% finds %d', (nodes, percentage, expected) => {
    expect(enoughFeasibleNodes(nodes, percentage)).toBe(expected);
  });

  it('begins with another node each time when it does not look at all', () => {
    const nodes = Array.from({ length: 200 }, (_, i) => nodeWith(makeNode(`n${i}`)));
    const handle = testHandle(nodes);
    const metrics = { point: () => {}, attempted: () => {}, victims: () => {} };
    const profile = makeProfiles([defaultProfile()], handle, metrics).get('default-scheduler')!;
    const finder = new NodeFinder(handle.snapshot, 0, () => 0);
    const chosen = () => finder.find(profile, new CycleState(), podInfo(makePod())).node;
    expect([chosen(), chosen(), chosen()]).toEqual(['n0', 'n100', 'n0']);
  });
});
