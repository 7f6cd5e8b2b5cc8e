import { formatTime } from '@coracle/api/meta/time';
import type { Pod } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cheapestToLose, costOf } from './ranking.ts';

const now = Date.parse('2026-01-02T00:00:00Z');
const ago = (seconds: number): string => formatTime(now - seconds * 1000);

interface Traits {
  node?: string;
  phase?: string;
  ready?: boolean;
  readyFor?: number;
  age?: number;
  cost?: string;
  restarts?: number;
  sidecarRestarts?: number;
}

function podOf(
  uid: string,
  { node = 'one', phase = 'Running', ready = true, readyFor = 100, age = 1000, ...rest }: Traits = {},
): Pod {
  const status = (name: string, restartCount: number) => ({ name, restartCount, image: '', imageID: '', ready });
  return {
    metadata: {
      name: uid,
      uid,
      creationTimestamp: ago(age),
      annotations: rest.cost === undefined ? {} : { 'controller.kubernetes.io/pod-deletion-cost': rest.cost },
    },
    spec: {
      nodeName: node || undefined,
      containers: [{ name: 'main' }],
      initContainers: [{ name: 'sidecar', restartPolicy: 'Always' }, { name: 'init' }],
    },
    status: {
      phase,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: ago(readyFor) }],
      containerStatuses: [status('main', rest.restarts ?? 0)],
      initContainerStatuses: [status('sidecar', rest.sidecarRestarts ?? 0), status('init', 99)],
    },
  };
}

const first = (a: Traits, b: Traits, related: Pod[] = []): string => {
  const pods = [podOf('a', a), podOf('b', b)];
  const forth = cheapestToLose(pods, related, 1, now)[0]!.metadata.uid!;
  const back = cheapestToLose([...pods].reverse(), related, 1, now)[0]!.metadata.uid!;
  expect(forth).toBe(back);
  return forth;
};

describe('which pod goes first', () => {
  it.each<[string, Traits, Traits]>([
    ['one without a node', { node: '', phase: 'Running' }, { phase: 'Pending', ready: false }],
    ['a pending one', { phase: 'Pending', ready: false, cost: '100' }, { phase: 'Unknown', ready: false }],
    ['one of unknown phase', { phase: 'Unknown', ready: false }, { phase: 'Running', ready: false }],
    ['one that is not ready', { ready: false, cost: '5' }, { ready: true, cost: '-5' }],
    ['a cheap one', { cost: '-1' }, {}],
    ['one ready for a much shorter time', { readyFor: 10 }, { readyFor: 10_000 }],
    ['one that restarted more', { restarts: 3 }, { restarts: 2, sidecarRestarts: 9 }],
    ['one whose sidecar restarted more', { sidecarRestarts: 1 }, {}],
    ['a much younger one', { age: 10 }, { age: 100_000 }],
    ['by uid, where times are of one magnitude', { readyFor: 100 }, { readyFor: 101 }],
  ])('%s', (_, a, b) => {
    expect(first(a, b)).toBe('a');
  });

  it('one on the node with more pods of the same work', () => {
    const related = [podOf('x', { node: 'full' }), podOf('y', { node: 'full' }), podOf('z', { node: 'one' })];
    expect(first({ node: 'full', readyFor: 100_000 }, { node: 'one', readyFor: 1 }, related)).toBe('a');
  });

  it.each([
    ['7', 7],
    ['-7', -7],
    ['+7', 7],
    ['07', 0],
    ['x', 0],
    ['2147483648', 0],
    ['', 0],
  ])('deletion cost %j counts %d', (cost, expected) => {
    expect(costOf(podOf('a', { cost }))).toBe(expected);
  });

  it('is the same whatever order the pods come in, and as many as asked for', () => {
    const traits = fc.record({
      node: fc.constantFrom('', 'one', 'two'),
      phase: fc.constantFrom('Pending', 'Running', 'Unknown'),
      ready: fc.boolean(),
      readyFor: fc.integer({ min: 0, max: 100_000 }),
      age: fc.integer({ min: 0, max: 100_000 }),
      cost: fc.constantFrom('0', '5', '-5'),
      restarts: fc.integer({ min: 0, max: 2 }),
    });
    fc.assert(
      fc.property(fc.array(traits, { maxLength: 8 }), fc.integer({ min: 0, max: 8 }), (all, count) => {
        const pods = all.map((each, i) => podOf(`pod-${i}`, each));
        const names = (list: Pod[]) =>
          cheapestToLose(list, pods, count, now)
            .map((each) => each.metadata.uid)
            .sort();
        expect(names(pods)).toEqual(names([...pods].reverse()));
        expect(names(pods)).toHaveLength(Math.min(count, pods.length));
      }),
    );
  });
});
