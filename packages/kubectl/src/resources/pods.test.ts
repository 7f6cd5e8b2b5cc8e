import type { Pod } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { localTime } from '../commands/rollout/patches.ts';
import { parseTaints } from '../commands/taint.ts';
import { defaultContainer, moreUseful, podSelectorOf } from './pods.ts';
import type { AnyObject } from './resource.ts';
import { typeNamePairs } from './selection.ts';

const pod = (name: string, status: object = {}, spec: object = { nodeName: 'n' }, metadata: object = {}): Pod =>
  ({
    metadata: { name, creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
    spec: { containers: [{ name: 'a' }], ...spec },
    status,
  }) as Pod;

describe('the pod of a workload that is taken', () => {
  it('is one that is assigned, runs, is ready and has restarted least', () => {
    const ready = { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }] };
    const order = [
      pod('ready', { phase: 'Running', ...ready }),
      pod('restarted', { phase: 'Running', ...ready, containerStatuses: [{ name: 'a', restartCount: 2 }] }),
      pod('running', { phase: 'Running' }),
      pod('pending', { phase: 'Pending' }),
      pod('unassigned', { phase: 'Pending' }, {}),
    ];
    expect(
      order
        .toReversed()
        .sort(moreUseful)
        .map((each) => each.metadata.name),
    ).toEqual(order.map((each) => each.metadata.name));
  });

  it('shows its first container unless an annotation names another', () => {
    let told = '';
    const stderr = { write: (text: string) => (told += text) };
    const two = { containers: [{ name: 'a' }, { name: 'b' }], initContainers: [{ name: 'i' }] };
    expect(defaultContainer(pod('x', {}, two), stderr)).toBe('a');
    expect(told).toBe('Defaulted container "a" out of: a, b, i (init)\n');
    const named = { annotations: { 'kubectl.kubernetes.io/default-container': 'b' } };
    expect(defaultContainer(pod('x', {}, two, named), stderr)).toBe('b');
  });

  it('is found by the selector of the workload', () => {
    const of = (kind: string, spec: object): string =>
      podSelectorOf({ apiVersion: 'v1', kind, metadata: { name: 'x' }, spec } as unknown as AnyObject);
    expect(of('Service', { selector: { app: 'web' } })).toBe('app=web');
    expect(
      of('Deployment', { selector: { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'c', operator: 'Exists' }] } }),
    ).toBe('a=b,c');
    expect(() => of('Service', {})).toThrow('Service is defined without a selector');
    expect(() => of('ConfigMap', {})).toThrow('selector for v1, Kind=ConfigMap not implemented');
  });
});

describe('arguments', () => {
  it('may be pairs of type and name', () => {
    expect(typeNamePairs(['pods', 'a'])).toBeUndefined();
    expect(typeNamePairs(['pods/a', 'svc/b'])).toEqual([
      { type: 'pods', name: 'a' },
      { type: 'svc', name: 'b' },
    ]);
    expect(() => typeNamePairs(['pods/a', 'b'])).toThrow(
      'there is no need to specify a resource type as a separate argument',
    );
    expect(() => typeNamePairs(['pods/'])).toThrow('must have a single resource and name');
  });

  it('of taint set and remove', () => {
    expect(parseTaints(['a=b:NoSchedule', 'c:NoExecute', 'd-', 'e:NoSchedule-'])).toEqual({
      add: [
        { key: 'a', value: 'b', effect: 'NoSchedule' },
        { key: 'c', effect: 'NoExecute' },
      ],
      remove: [{ key: 'd' }, { key: 'e', effect: 'NoSchedule' }],
    });
    expect(() => parseTaints(['a=b:Nope'])).toThrow('invalid taint effect: Nope, unsupported taint effect');
  });

  it('of a restart carry the time with its zone', () => {
    const date = new Date('2026-01-02T03:04:05.678Z');
    expect(localTime(date)).toMatch(/^2026-01-0\dT\d\d:\d\d:05(Z|[+-]\d\d:\d\d)$/);
    expect(Date.parse(localTime(date))).toBe(Math.floor(date.getTime() / 1000) * 1000);
  });
});
