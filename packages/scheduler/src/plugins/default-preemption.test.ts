import type { Pod } from '@coracle/api/types/core/v1';
import type { PodDisruptionBudget } from '@coracle/api/types/policy/v1';
import { describe, expect, it } from '@jest/globals';
import { defaultProfile } from '../config/configuration.ts';
import { CycleState } from '../framework/cycle-state.ts';
import type { Handle } from '../framework/handle.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import { NodeStatuses } from '../framework/node-statuses.ts';
import { podInfo } from '../framework/pod-info.ts';
import { WaitingPod } from '../framework/waiting-pods.ts';
import { makeProfiles } from '../profiles.ts';
import type { PodOptions } from '../testing/objects.ts';
import { makeNode, makePod, nodeWith } from '../testing/objects.ts';
import { testHandle } from '../testing/plugins.ts';

const small = { allocatable: { cpu: '2', memory: '4Gi', pods: '10' } };
const low = (name: string, more: PodOptions = {}) => makePod({ name, priority: 0, requests: { cpu: '1' }, ...more });
const started = (startTime: string) => ({ status: { startTime } });

/** Filters every node with a whole profile and then lets preemption have its say. */
async function preempt(nodes: NodeInfo[], pod: Pod, changes: Partial<Handle> = {}) {
  const handle = testHandle(nodes, changes);
  handle.listers.pod = () => pod;
  const victims: number[] = [];
  const metrics = { point: () => {}, attempted: () => {}, victims: (count: number) => void victims.push(count) };
  const profile = makeProfiles([defaultProfile()], handle, metrics).get('default-scheduler')!;
  const state = new CycleState();
  const info = podInfo(pod);
  profile.preFilter(state, info, nodes);
  const statuses = new NodeStatuses();
  for (const node of nodes) statuses.set(node.name, profile.filterWithNominated(state, info, node)!);
  const { nominatedNode, status } = await profile.postFilter(state, info, statuses);
  return { nominatedNode, message: status?.message, victims, ...handle.recorded };
}

describe('DefaultPreemption', () => {
  const high = (more: PodOptions = {}) => makePod({ name: 'high', priority: 100, requests: { cpu: '1' }, ...more });

  it('evicts the least it must and nominates the node', async () => {
    const nodes = [
      nodeWith(
        makeNode('n', small),
        low('a', started('2026-01-01T00:00:00Z')),
        low('b', started('2026-01-02T00:00:00Z')),
      ),
    ];
    const result = await preempt(nodes, high());
    expect(result).toMatchObject({ nominatedNode: 'n', message: undefined, deleted: ['b'], victims: [1] });
    expect(result.patched).toEqual([
      {
        pod: 'b',
        status: {
          conditions: [
            expect.objectContaining({
              type: 'DisruptionTarget',
              status: 'True',
              reason: 'PreemptionByScheduler',
              message: 'default-scheduler: preempting to accommodate a higher priority pod',
            }),
          ],
        },
      },
    ]);
    expect(result.events).toEqual([
      { about: 'b', reason: 'Preempted', message: 'Preempted by pod uid-default-high on node n' },
    ]);
    expect(nodes[0]!.pods).toHaveLength(2);
  });

  it.each<[string, PodOptions, NodeInfo[], string]>([
    [
      'finds no victims among equals',
      { priority: 0 },
      [nodeWith(makeNode('n', small), low('a'), low('b'))],
      'preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    ],
    [
      'cannot help where the node is too small',
      { requests: { cpu: '3' } },
      [nodeWith(makeNode('n', small), low('a'))],
      'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
    ],
    [
      'says what still lacks without the victims',
      {},
      [nodeWith(makeNode('n', small), low('a'), makePod({ priority: 200, requests: { cpu: '1500m' } }))],
      'preemption: 0/1 nodes are available: 1 Insufficient cpu.',
    ],
    [
      'is forgone by preemptionPolicy',
      { preemptionPolicy: 'Never' },
      [nodeWith(makeNode('n', small), low('a'), low('b'))],
      'preemption: not eligible due to preemptionPolicy=Never.',
    ],
  ])('%s', async (_, pod, nodes, message) => {
    const result = await preempt(nodes, high(pod));
    expect(result).toMatchObject({ message, deleted: [] });
  });

  it('waits for earlier victims to go', async () => {
    const leaving = low('a', {
      metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' },
      status: { conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }] },
    });
    const nodes = [nodeWith(makeNode('n', small), leaving, low('b'))];
    const result = await preempt(nodes, high({ status: { nominatedNodeName: 'n' } }));
    expect(result).toMatchObject({
      deleted: [],
      nominatedNode: undefined,
      message: 'preemption: not eligible due to a terminating pod on the nominated node.',
    });
  });

  it.each<[string, () => NodeInfo[], string]>([
    [
      'whose most important victim matters least',
      () => [
        nodeWith(makeNode('x', small), low('x1', { priority: 5 }), low('x2')),
        nodeWith(makeNode('y', small), low('y1', { priority: 4, requests: { cpu: '2' } })),
      ],
      'x',
    ],
    [
      'with fewer victims',
      () => [
        nodeWith(
          makeNode('x', small),
          low('x1', { requests: { cpu: '1500m' } }),
          low('x2', { requests: { cpu: '500m' } }),
        ),
        nodeWith(makeNode('y', small), low('y1', { requests: { cpu: '2' } })),
      ],
      'y',
    ],
    [
      'whose victims started last',
      () => [
        nodeWith(makeNode('x', small), low('x1', { requests: { cpu: '2' }, ...started('2026-01-01T00:00:00Z') })),
        nodeWith(makeNode('y', small), low('y1', { requests: { cpu: '2' }, ...started('2026-01-02T00:00:00Z') })),
      ],
      'y',
    ],
  ])('chooses the node %s', async (name, nodes, expected) => {
    const requests = name.startsWith('with fewer') ? { cpu: '2' } : { cpu: '1' };
    expect((await preempt(nodes(), high({ requests }))).nominatedNode).toBe(expected);
  });

  it('spares pods that a disruption budget protects', async () => {
    const budget: PodDisruptionBudget = {
      metadata: { name: 'pdb', namespace: 'default' },
      spec: { selector: { matchLabels: { app: 'db' } } },
      status: { disruptionsAllowed: 0 },
    };
    const nodes = [
      nodeWith(makeNode('n', small), low('db', { labels: { app: 'db' } }), low('web', { labels: { app: 'web' } })),
    ];
    const listers = { ...testHandle([]).listers, disruptionBudgets: () => [budget] };
    expect((await preempt(nodes, high(), { listers })).deleted).toEqual(['web']);
    const only = [nodeWith(makeNode('n', small), low('db', { labels: { app: 'db' }, requests: { cpu: '2' } }))];
    expect((await preempt(only, high(), { listers })).deleted).toEqual(['db']);
  });

  it('takes the node whose victims no budget protects, even where those of another matter less', async () => {
    const budget = (disruptionsAllowed: number): PodDisruptionBudget => ({
      metadata: { name: 'pdb', namespace: 'default' },
      spec: { selector: { matchLabels: { app: 'db' } } },
      status: { disruptionsAllowed },
    });
    const nodes = () => [
      nodeWith(makeNode('x', small), low('db', { labels: { app: 'db' }, requests: { cpu: '2' } })),
      nodeWith(makeNode('y', small), low('web', { priority: 9, requests: { cpu: '2' } })),
    ];
    const under = (allowed: number) => ({
      listers: { ...testHandle([]).listers, disruptionBudgets: () => [budget(allowed)] },
    });
    expect((await preempt(nodes(), high(), under(0))).nominatedNode).toBe('y');
    expect((await preempt(nodes(), high(), under(1))).nominatedNode).toBe('x');
  });

  it('turns away a victim that waits on Permit instead of deleting it', async () => {
    const victim = low('a', { requests: { cpu: '2' } });
    const handle = testHandle([]);
    const waiting = new WaitingPod(podInfo(victim), new Map([['Gang', 60_000]]), handle.clock);
    handle.waitingPods.add(waiting);
    const nodes = [nodeWith(makeNode('n', small), victim)];
    const result = await preempt(nodes, high(), { waitingPods: handle.waitingPods });
    expect(result.deleted).toEqual([]);
    expect((await waiting.decision)?.message).toBe('preempted');
  });

  it('ends the nominations of less important pods for the node', async () => {
    const handle = testHandle([]);
    handle.nominator.add(podInfo(low('nominee', { requests: { cpu: '100m' } })), 'n');
    const nodes = [nodeWith(makeNode('n', small), low('a', { requests: { cpu: '2' } }))];
    const result = await preempt(nodes, high(), { nominator: handle.nominator });
    expect(result.patched).toContainEqual({ pod: 'nominee', status: { nominatedNodeName: null } });
    expect([...handle.nominator.on('n')]).toEqual([]);
  });
});
