import { describe, expect, it } from '@jest/globals';
import type { NodeOptions, PodOptions } from '../testing/objects.ts';
import { makeNode, makePod, nodeWith } from '../testing/objects.ts';
import { filterAll, scoreAll, wantsRetry } from '../testing/plugins.ts';
import { nodeAffinity } from './node-affinity.ts';
import { nodeName } from './node-name.ts';
import { nodePorts } from './node-ports.ts';
import { nodeUnschedulable } from './node-unschedulable.ts';
import { taintToleration } from './taint-toleration.ts';

const verdict = (plugin: ReturnType<typeof nodeName>, pod: PodOptions, node: NodeOptions) =>
  filterAll(plugin, makePod(pod), [nodeWith(makeNode('n', node))]);

describe('NodeName', () => {
  it.each([
    ['no name asked for', {}, 'ok'],
    ['its own name', { nodeName: 'n' }, 'ok'],
    ['another name', { nodeName: 'm' }, "node(s) didn't match the requested node name"],
  ])('%s', (_, pod, n) => expect(verdict(nodeName(), pod, {})).toEqual({ n }));

  it('retries for a node of that name only', () => {
    const pod = makePod({ nodeName: 'n' });
    expect(wantsRetry(nodeName(), 'Node/Add', { pod, after: makeNode('n') })).toBe(true);
    expect(wantsRetry(nodeName(), 'Node/Add', { pod, after: makeNode('m') })).toBe(false);
  });
});

describe('NodeUnschedulable', () => {
  const tolerating = { tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }] };
  it.each([
    ['a plain node', {}, {}, 'ok'],
    ['a cordoned node', {}, { unschedulable: true }, 'node(s) were unschedulable'],
    ['a cordoned node, tolerated', tolerating, { unschedulable: true }, 'ok'],
  ])('%s', (_, pod, node, n) => expect(verdict(nodeUnschedulable(), pod, node)).toEqual({ n }));

  it('retries once a node is uncordoned', () => {
    const cordoned = makeNode('n', { unschedulable: true });
    const check = (before: unknown, after: unknown) =>
      wantsRetry(nodeUnschedulable(), 'Node/UpdateNodeTaint', { pod: makePod(), before, after });
    expect(check(cordoned, makeNode('n'))).toBe(true);
    expect(check(makeNode('n'), cordoned)).toBe(false);
    expect(check(makeNode('n'), makeNode('n'))).toBe(false);
  });
});

describe('TaintToleration', () => {
  const taint = (effect: string, value?: string) => ({ taints: [{ key: 'k', value, effect }] });
  const refused = 'node(s) had untolerated taint(s)';
  it.each([
    ['NoSchedule', {}, taint('NoSchedule'), refused],
    ['NoExecute', {}, taint('NoExecute'), refused],
    ['PreferNoSchedule only weighs', {}, taint('PreferNoSchedule'), 'ok'],
    ['Exists', { tolerations: [{ key: 'k', operator: 'Exists' }] }, taint('NoSchedule', 'v'), 'ok'],
    ['Exists without key', { tolerations: [{ operator: 'Exists' }] }, taint('NoExecute', 'v'), 'ok'],
    ['Equal', { tolerations: [{ key: 'k', value: 'v' }] }, taint('NoSchedule', 'v'), 'ok'],
    ['Equal, other value', { tolerations: [{ key: 'k', value: 'w' }] }, taint('NoSchedule', 'v'), refused],
    [
      'other effect',
      { tolerations: [{ key: 'k', operator: 'Exists', effect: 'NoExecute' }] },
      taint('NoSchedule'),
      refused,
    ],
    ['Gt holds', { tolerations: [{ key: 'k', operator: 'Gt', value: '5' }] }, taint('NoSchedule', '10'), 'ok'],
    ['Gt does not', { tolerations: [{ key: 'k', operator: 'Gt', value: '10' }] }, taint('NoSchedule', '10'), refused],
    ['Lt holds', { tolerations: [{ key: 'k', operator: 'Lt', value: '10' }] }, taint('NoSchedule', '5'), 'ok'],
    [
      'Lt of no number',
      { tolerations: [{ key: 'k', operator: 'Lt', value: '10' }] },
      taint('NoSchedule', 'a'),
      refused,
    ],
  ])('%s', (_, pod, node, n) => expect(verdict(taintToleration(), pod, node)).toEqual({ n }));

  it('prefers nodes with fewer untolerated PreferNoSchedule taints', () => {
    const soft = (key: string) => ({ key, effect: 'PreferNoSchedule' });
    const nodes = [
      nodeWith(makeNode('none')),
      nodeWith(makeNode('one', { taints: [soft('a'), soft('mine')] })),
      nodeWith(makeNode('two', { taints: [soft('a'), soft('b')] })),
    ];
    const pod = makePod({ tolerations: [{ key: 'mine', operator: 'Exists' }] });
    expect(scoreAll(taintToleration(), pod, nodes)).toEqual({ none: 100, one: 50, two: 0 });
  });

  it('retries when the taint goes', () => {
    const tainted = makeNode('n', taint('NoSchedule'));
    const event = 'Node/UpdateNodeTaint';
    expect(wantsRetry(taintToleration(), event, { pod: makePod(), before: tainted, after: makeNode('n') })).toBe(true);
    expect(wantsRetry(taintToleration(), event, { pod: makePod(), before: makeNode('n'), after: tainted })).toBe(false);
  });
});

describe('NodeAffinity', () => {
  const required = (...nodeSelectorTerms: object[]): PodOptions => ({
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } as never } },
  });
  const expression = (key: string, operator: string, ...values: string[]) => ({
    matchExpressions: [{ key, operator, values }],
  });
  const field = (...values: string[]) => ({ matchFields: [{ key: 'metadata.name', operator: 'In', values }] });
  const refused = "node(s) didn't match Pod's node affinity/selector";
  it.each<[string, PodOptions, Record<string, string>, string]>([
    ['nodeSelector holds', { nodeSelector: { disk: 'ssd' } }, { disk: 'ssd' }, 'ok'],
    ['nodeSelector, other value', { nodeSelector: { disk: 'ssd' } }, { disk: 'hdd' }, refused],
    ['nodeSelector, no label', { nodeSelector: { disk: 'ssd' } }, {}, refused],
    ['nodeSelector by an inherited name', { nodeSelector: { constructor: 'x' } }, {}, refused],
    ['In', required(expression('a', 'In', '1', '2')), { a: '2' }, 'ok'],
    ['In, other value', required(expression('a', 'In', '1', '2')), { a: '3' }, refused],
    ['NotIn', required(expression('a', 'NotIn', '1')), {}, 'ok'],
    ['Exists', required(expression('a', 'Exists')), { a: '' }, 'ok'],
    ['DoesNotExist', required(expression('a', 'DoesNotExist')), { a: '' }, refused],
    ['Gt', required(expression('a', 'Gt', '9')), { a: '10' }, 'ok'],
    ['Lt', required(expression('a', 'Lt', '9')), { a: '10' }, refused],
    ['Gt of no number', required(expression('a', 'Gt', '9')), { a: 'x' }, refused],
    ['terms are alternatives', required(expression('a', 'Exists'), expression('b', 'Exists')), { b: '' }, 'ok'],
    ['an empty term matches nothing', required({}), { a: '' }, refused],
    ['by name', required(field('n')), {}, 'ok'],
  ])('%s', (_, pod, labels, n) => expect(verdict(nodeAffinity(), pod, { labels })).toEqual({ n }));

  it('refuses terms that pin no node', () => {
    const conflicting = required({
      matchFields: [...field('a').matchFields, ...field('b').matchFields],
    });
    expect(verdict(nodeAffinity(), conflicting, {})).toEqual({ prefilter: 'pod affinity terms conflict' });
  });

  it('enforces the affinity its arguments add', () => {
    const addedAffinity = {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [expression('pool', 'Exists')] },
    };
    expect(verdict(nodeAffinity({ addedAffinity }), {}, {})).toEqual({
      n: "node(s) didn't match scheduler-enforced node affinity",
    });
  });

  it('weighs preferred terms', () => {
    const prefer = (key: string, weight: number) => ({ weight, preference: expression(key, 'Exists') });
    const pod = makePod({
      affinity: {
        nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [prefer('a', 30), prefer('b', 10)] },
      },
    });
    const nodes = [
      nodeWith(makeNode('both', { labels: { a: '', b: '' } })),
      nodeWith(makeNode('b', { labels: { b: '' } })),
      nodeWith(makeNode('none')),
    ];
    expect(scoreAll(nodeAffinity(), pod, nodes)).toEqual({ both: 100, b: 25, none: 0 });
    expect(scoreAll(nodeAffinity(), makePod(), nodes)).toBeUndefined();
  });

  it('retries when a node begins to match', () => {
    const pod = makePod({ nodeSelector: { disk: 'ssd' } });
    const fits = makeNode('n', { labels: { disk: 'ssd' } });
    const event = 'Node/UpdateNodeLabel';
    expect(wantsRetry(nodeAffinity(), event, { pod, before: makeNode('n'), after: fits })).toBe(true);
    expect(wantsRetry(nodeAffinity(), event, { pod, before: fits, after: fits })).toBe(false);
    expect(wantsRetry(nodeAffinity(), event, { pod, before: fits, after: makeNode('n') })).toBe(false);
  });
});

describe('NodePorts', () => {
  const ports = (...list: { hostPort: number; hostIP?: string; protocol?: string }[]): PodOptions => ({
    containers: [{ name: 'c', ports: list.map((each) => ({ containerPort: 80, ...each })) }],
  });
  const refused = "node(s) didn't have free ports for the requested pod ports";
  it.each<[string, PodOptions, PodOptions, string]>([
    ['another port', ports({ hostPort: 80 }), ports({ hostPort: 81 }), 'ok'],
    ['the same port', ports({ hostPort: 80 }), ports({ hostPort: 80 }), refused],
    ['another protocol', ports({ hostPort: 80 }), ports({ hostPort: 80, protocol: 'UDP' }), 'ok'],
    ['other addresses', ports({ hostPort: 80, hostIP: '10.0.0.1' }), ports({ hostPort: 80, hostIP: '10.0.0.2' }), 'ok'],
    ['one on all addresses', ports({ hostPort: 80, hostIP: '10.0.0.1' }), ports({ hostPort: 80 }), refused],
    ['the other on all addresses', ports({ hostPort: 80 }), ports({ hostPort: 80, hostIP: '10.0.0.1' }), refused],
    ['no host port', ports({ hostPort: 80 }), {}, 'ok'],
  ])('%s', (_, there, pod, n) => {
    expect(filterAll(nodePorts(), makePod(pod), [nodeWith(makeNode('n'), makePod(there))])).toEqual({ n });
  });

  it('retries when a pod with such a port goes', () => {
    const pod = makePod(ports({ hostPort: 80 }));
    const retries = (gone: PodOptions) => wantsRetry(nodePorts(), 'AssignedPod/Delete', { pod, before: makePod(gone) });
    expect(retries(ports({ hostPort: 80 }))).toBe(true);
    expect(retries(ports({ hostPort: 81 }))).toBe(false);
  });
});
