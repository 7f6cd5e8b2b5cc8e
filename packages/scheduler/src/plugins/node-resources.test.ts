import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { defaultPluginArgs } from '../config/plugin-args.ts';
import { podInfo } from '../framework/pod-info.ts';
import { podRequests } from '../framework/pod-requests.ts';
import { amountOf } from '../framework/resources.ts';
import type { PodOptions } from '../testing/objects.ts';
import { container, makeNode, makePod, nodeWith } from '../testing/objects.ts';
import { filterAll, scoreAll, wantsRetry } from '../testing/plugins.ts';
import { nodeResourcesBalancedAllocation } from './node-resources-balanced-allocation.ts';
import type { NodeResourcesFitArgs } from './node-resources-fit.ts';
import { nodeResourcesFit } from './node-resources-fit.ts';

const args = defaultPluginArgs().NodeResourcesFit;
const fit = (changes: Partial<NodeResourcesFitArgs> = {}) => nodeResourcesFit({ ...args, ...changes });

describe('what a pod requests', () => {
  const sidecar = (requests: Record<string, string>) => container({ requests, restartPolicy: 'Always' });
  it.each<[string, PodOptions, Record<string, number>]>([
    ['nothing', {}, { cpu: 0, memory: 0 }],
    [
      'the sum of containers',
      { containers: [container({ requests: { cpu: '100m' } }), container({ requests: { cpu: '1' } })] },
      { cpu: 1100 },
    ],
    [
      'the largest init container',
      {
        requests: { cpu: '1' },
        initContainers: [container({ requests: { cpu: '3' } }), container({ requests: { cpu: '2' } })],
      },
      { cpu: 3000 },
    ],
    ['containers and sidecars', { requests: { cpu: '1' }, initContainers: [sidecar({ cpu: '2' })] }, { cpu: 3000 }],
    [
      'an init container beside earlier sidecars',
      { requests: { cpu: '1' }, initContainers: [sidecar({ cpu: '2' }), container({ requests: { cpu: '3' } })] },
      { cpu: 5000 },
    ],
    [
      'an init container before sidecars',
      { requests: { cpu: '1' }, initContainers: [container({ requests: { cpu: '3' } }), sidecar({ cpu: '1' })] },
      { cpu: 3000 },
    ],
    [
      'overhead',
      { requests: { memory: '1Mi' }, overhead: { memory: '1Mi', cpu: '10m' } },
      { memory: 2 * 2 ** 20, cpu: 10 },
    ],
    [
      'extended resources',
      { requests: { 'example.com/gpu': '2', 'hugepages-2Mi': '4Mi' } },
      { 'example.com/gpu': 2, 'hugepages-2Mi': 4 * 2 ** 20 },
    ],
    [
      'pod-level resources in place of containers',
      { requests: { cpu: '1', memory: '1Mi' }, resources: { requests: { cpu: '3' } } },
      { cpu: 3000, memory: 2 ** 20 },
    ],
    [
      'what a shrinking container still has',
      {
        requests: { cpu: '1' },
        status: { containerStatuses: [{ name: 'main', allocatedResources: { cpu: '2' } } as never] },
      },
      { cpu: 2000 },
    ],
    [
      'what an infeasible resize leaves',
      {
        requests: { cpu: '9' },
        status: {
          conditions: [{ type: 'PodResizePending', status: 'True', reason: 'Infeasible' }],
          containerStatuses: [{ name: 'main', allocatedResources: { cpu: '2' } } as never],
        },
      },
      { cpu: 2000 },
    ],
  ])('%s', (_, pod, expected) => {
    const { requests } = podRequests(makePod(pod));
    for (const [name, amount] of Object.entries(expected))
      expect([name, amountOf(requests, name)]).toEqual([name, amount]);
  });

  it('counts a little for containers without requests when scoring', () => {
    expect(podRequests(makePod()).nonZero).toEqual({ milliCpu: 100, memory: 200 * 2 ** 20 });
    expect(podRequests(makePod({ requests: { cpu: '1' } })).nonZero).toEqual({ milliCpu: 1000, memory: 200 * 2 ** 20 });
  });
});

describe('NodeResourcesFit', () => {
  const small = { cpu: '1', memory: '1Gi', pods: '2', 'example.com/gpu': '1' };
  it.each<[string, PodOptions, PodOptions[], string]>([
    ['fits exactly', { requests: { cpu: '1', memory: '1Gi' } }, [], 'ok'],
    ['cpu', { requests: { cpu: '600m' } }, [{ requests: { cpu: '500m' } }], 'Insufficient cpu'],
    ['both', { requests: { cpu: '2', memory: '2Gi' } }, [], 'Insufficient cpu, Insufficient memory'],
    ['pods', {}, [{}, {}], 'Too many pods'],
    ['ephemeral storage', { requests: { 'ephemeral-storage': '1' } }, [], 'Insufficient ephemeral-storage'],
    [
      'an extended resource',
      { requests: { 'example.com/gpu': '1' } },
      [{ requests: { 'example.com/gpu': '1' } }],
      'Insufficient example.com/gpu',
    ],
    ['a full node takes a pod without requests', {}, [{ requests: { cpu: '1' } }], 'ok'],
  ])('%s', (_, pod, there, n) => {
    const node = nodeWith(makeNode('n', { allocatable: small }), ...there.map((each) => makePod(each)));
    expect(filterAll(fit(), makePod(pod), [node])).toEqual({ n });
  });

  it('says when preemption cannot help: more is asked for than the node has', () => {
    const node = nodeWith(makeNode('n', { allocatable: small }), makePod({ requests: { cpu: '1' } }));
    const code = (cpu: string) => fit().filter!({} as never, podInfo(makePod({ requests: { cpu } })), node)?.code;
    expect(code('1')).toBe('Unschedulable');
    expect(code('1001m')).toBe('UnschedulableAndUnresolvable');
  });

  it('ignores the resources and groups it is told to', () => {
    const pod = makePod({ requests: { 'a.com/x': '1', 'b.com/y': '1' } });
    const plugin = fit({ ignoredResources: ['a.com/x'], ignoredResourceGroups: ['b.com'] });
    expect(filterAll(plugin, pod, [nodeWith(makeNode('n'))])).toEqual({ n: 'ok' });
  });

  it('scores by the chosen strategy', () => {
    const allocatable = { cpu: '10', memory: '1000Mi' };
    const used = (cpu: string, memory: string) => makePod({ requests: { cpu, memory } });
    const nodes = [
      nodeWith(makeNode('idle', { allocatable })),
      nodeWith(makeNode('half', { allocatable }), used('5', '500Mi')),
    ];
    const pod = used('1', '100Mi');
    const scored = (strategy: Partial<NodeResourcesFitArgs['scoringStrategy']>) =>
      scoreAll(fit({ scoringStrategy: { ...args.scoringStrategy, ...strategy } }), pod, nodes);
    expect(scored({})).toEqual({ idle: 90, half: 40 });
    expect(scored({ type: 'MostAllocated' })).toEqual({ idle: 10, half: 60 });
    const shape = [
      { utilization: 0, score: 10 },
      { utilization: 100, score: 0 },
    ];
    expect(scored({ type: 'RequestedToCapacityRatio', requestedToCapacityRatio: { shape } })).toEqual({
      idle: 90,
      half: 40,
    });
  });

  it('retries when room may have come', () => {
    const pod = makePod({ requests: { cpu: '2' } });
    const small = makeNode('n', { allocatable: { cpu: '1' } });
    const large = makeNode('n', { allocatable: { cpu: '3' } });
    expect(wantsRetry(fit(), 'AssignedPod/Delete', { pod, before: makePod({ nodeName: 'n' }) })).toBe(true);
    expect(wantsRetry(fit(), 'Node/Add', { pod, after: small })).toBe(false);
    expect(wantsRetry(fit(), 'Node/Add', { pod, after: large })).toBe(true);
    expect(wantsRetry(fit(), 'Node/UpdateNodeAllocatable', { pod, before: small, after: large })).toBe(true);
    expect(wantsRetry(fit(), 'Node/UpdateNodeAllocatable', { pod, before: large, after: large })).toBe(false);
  });

  it('frees on removal exactly what it took', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ cpu: fc.nat(5000), gpu: fc.nat(3) })), (list) => {
        const node = nodeWith(makeNode('n'));
        const pods = list.map(({ cpu, gpu }) =>
          podInfo(makePod({ requests: { cpu: `${cpu}m`, 'a.com/g': `${gpu}` } })),
        );
        for (const each of pods) node.addPod(each);
        expect(node.requested.milliCpu).toBe(list.reduce((sum, each) => sum + each.cpu, 0));
        for (const each of pods) expect(node.removePod(each)).toBe(true);
        expect(node.requested.milliCpu).toBe(0);
        expect(amountOf(node.requested, 'a.com/g')).toBe(0);
        expect(node.pods).toEqual([]);
      }),
    );
  });
});

describe('NodeResourcesBalancedAllocation', () => {
  const plugin = nodeResourcesBalancedAllocation(defaultPluginArgs().NodeResourcesBalancedAllocation);
  const allocatable = { cpu: '10', memory: '1000Mi' };

  it('prefers the node that the pod makes more evenly used', () => {
    const nodes = [
      nodeWith(makeNode('cpu-heavy', { allocatable }), makePod({ requests: { cpu: '5', memory: '100Mi' } })),
      nodeWith(makeNode('memory-heavy', { allocatable }), makePod({ requests: { cpu: '1', memory: '500Mi' } })),
    ];
    const scores = scoreAll(plugin, makePod({ requests: { cpu: '4', memory: '100Mi' } }), nodes)!;
    expect(scores['memory-heavy']).toBeGreaterThan(scores['cpu-heavy']!);
  });

  it('is indifferent where the pod changes nothing', () => {
    const node = nodeWith(makeNode('n', { allocatable }));
    expect(scoreAll(plugin, makePod({ requests: { cpu: '1', memory: '100Mi' } }), [node])).toEqual({ n: 75 });
  });

  it('skips pods without requests', () => {
    expect(scoreAll(plugin, makePod(), [nodeWith(makeNode('n'))])).toBeUndefined();
  });
});
