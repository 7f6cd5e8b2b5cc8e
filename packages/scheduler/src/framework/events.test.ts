import { describe, expect, it } from '@jest/globals';
import type { NodeOptions } from '../testing/objects.ts';
import { makeNode, makePod } from '../testing/objects.ts';
import { eventLabel, nodeUpdateEvents, podUpdateEvents } from './events.ts';

describe('the events of an update', () => {
  const condition = (status: string, lastHeartbeatTime: string) => ({
    status: { conditions: [{ type: 'Ready', status, lastHeartbeatTime }] },
  });
  it.each([
    ['a heartbeat', condition('True', '2026-01-01T00:00:00Z'), condition('True', '2026-01-01T00:00:10Z'), []],
    ['a condition', condition('True', ''), condition('False', ''), ['NodeUpdateNodeCondition']],
    ['a label', {}, { labels: { a: 'b' } }, ['NodeUpdateNodeLabel']],
    ['a taint', {}, { taints: [{ key: 'k', effect: 'NoSchedule' }] }, ['NodeUpdateNodeTaint']],
    ['uncordoning', { unschedulable: true }, {}, ['NodeUpdateNodeTaint']],
    [
      'resources and an annotation',
      {},
      { allocatable: { cpu: '9' }, metadata: { annotations: { a: 'b' } } },
      ['NodeUpdateNodeAllocatable', 'NodeUpdateNodeAnnotation'],
    ],
  ])('of a node: %s', (_, before, after, expected) => {
    const merge = (options: object) => {
      const { metadata, ...rest } = options as NodeOptions;
      const node = makeNode('n', rest);
      return { ...node, metadata: { ...node.metadata, ...metadata } };
    };
    expect(nodeUpdateEvents(merge(before), merge(after)).map(eventLabel)).toEqual(expected);
  });

  it.each([
    ['status only', { status: { phase: 'Pending' } }, { status: { phase: 'Running' } }, []],
    [
      'a label of an assigned pod',
      { nodeName: 'n' },
      { nodeName: 'n', labels: { a: 'b' } },
      ['AssignedPodUpdatePodLabel'],
    ],
    ['smaller requests', { requests: { cpu: '2' } }, { requests: { cpu: '1' } }, ['PodUpdatePodScaleDown']],
    ['larger requests', { requests: { cpu: '1' } }, { requests: { cpu: '2' } }, []],
    ['a toleration', {}, { tolerations: [{ operator: 'Exists' }] }, ['PodUpdatePodToleration']],
    [
      'the last gate',
      { schedulingGates: [{ name: 'a' }] },
      { schedulingGates: [] },
      ['PodUpdatePodSchedulingGatesEliminated'],
    ],
    ['one gate of two', { schedulingGates: [{ name: 'a' }, { name: 'b' }] }, { schedulingGates: [{ name: 'a' }] }, []],
  ])('of a pod: %s', (_, before, after, expected) => {
    expect(
      podUpdateEvents(makePod({ name: 'p', ...before }), makePod({ name: 'p', ...after })).map(eventLabel),
    ).toEqual(expected);
  });
});
