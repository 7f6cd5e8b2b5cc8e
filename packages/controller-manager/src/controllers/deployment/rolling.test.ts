import type { Deployment, ReplicaSet } from '@coracle/api/types/apps/v1';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deploymentOf } from '../../testing/cluster.ts';
import { annotateNewSet, historyAnnotation, maxRevision, revisionAnnotation } from './annotations.ts';
import { templateHash } from './hash.ts';
import { fenceposts, maxSurge, maxUnavailable, newSetSize, shrinkOld, sizeOf, totalSize } from './rolling.ts';
import { scaleSets } from './scaling.ts';

const rolling = (replicas: number, surge: number | string, unavailable: number | string): Deployment =>
  deploymentOf('web', replicas, {
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable } },
  });

let born = 0;
const setOf = (
  name: string,
  replicas: number,
  available = replicas,
  annotations: Record<string, string> = {},
): ReplicaSet => ({
  metadata: {
    name,
    uid: name,
    creationTimestamp: `2026-01-01T00:00:${String(born++ % 60).padStart(2, '0')}Z`,
    annotations,
  },
  spec: { replicas, selector: {} },
  status: { replicas, availableReplicas: available },
});

describe('fenceposts', () => {
  it.each([
    [10, '25%', '25%', 3, 2],
    [1, '25%', '25%', 1, 0],
    [10, 0, 0, 0, 1],
    [3, 0, '1%', 0, 1],
    [5, 2, 10, 2, 10],
  ] as const)('%d replicas, surge %s, unavailable %s', (replicas, surge, unavailable, s, u) => {
    expect(fenceposts(rolling(replicas, surge, unavailable))).toEqual({ surge: s, unavailable: u });
  });

  it('leaves no more unavailable than there are', () => {
    expect(maxUnavailable(rolling(5, 2, 10))).toBe(5);
    expect(maxUnavailable(deploymentOf('web', 5, { strategy: { type: 'Recreate' } }))).toBe(0);
  });
});

describe('shrinking old sets', () => {
  it.each<[string, number, [size: number, available: number][], [size: number, available: number], number[]]>([
    ['nothing to spare', 10, [[10, 10]], [0, 0], [8]],
    [
      'unavailable ones first, even of younger sets',
      10,
      [
        [5, 5],
        [5, 0],
      ],
      [3, 0],
      [5, 3],
    ],
    [
      'the oldest first',
      5,
      [
        [2, 2],
        [2, 2],
      ],
      [2, 2],
      [0, 1],
    ],
    ['none while the new ones are not available', 10, [[8, 8]], [5, 0], [8]],
  ])('%s', (_, replicas, olds, [size, available], expected) => {
    const sets = olds.map(([each, up], i) => setOf(`old-${i}`, each, up));
    const sizes = sets.map(sizeOf);
    for (const { set, replicas: next } of shrinkOld(rolling(replicas, 3, 2), sets, setOf('new', size, available))) {
      sizes[sets.indexOf(set)] = next;
    }
    expect(sizes).toEqual(expected);
  });
});

describe('a rollout, step by step', () => {
  it('ends with the new set alone, within the surge and above the floor at every step', () => {
    const shape = fc.record({
      replicas: fc.integer({ min: 1, max: 20 }),
      surge: fc.integer({ min: 0, max: 5 }),
      unavailable: fc.integer({ min: 0, max: 5 }),
      olds: fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 1, maxLength: 3 }),
    });
    fc.assert(
      fc.property(shape, ({ replicas, surge, unavailable, olds: sizes }) => {
        const deployment = rolling(replicas, surge, unavailable);
        let olds = sizes.map((size, i) => setOf(`old-${i}`, size));
        let newSet = setOf('new', 0);
        const startedWith = totalSize(olds);
        const resized = (set: ReplicaSet, size: number): ReplicaSet => ({
          ...set,
          spec: { ...set.spec, replicas: size },
          status: { replicas: size, availableReplicas: Math.min(size, set.status!.availableReplicas!) },
        });
        for (let step = 0; step < 200; step++) {
          const available = [...olds, newSet].reduce((sum, set) => sum + set.status!.availableReplicas!, 0);
          expect(totalSize([...olds, newSet])).toBeLessThanOrEqual(
            Math.max(startedWith, replicas + maxSurge(deployment)),
          );
          expect(available).toBeGreaterThanOrEqual(Math.min(startedWith, replicas - maxUnavailable(deployment)));
          const size = newSetSize(deployment, [...olds, newSet], sizeOf(newSet));
          if (size !== sizeOf(newSet)) newSet = resized(newSet, size);
          else
            for (const { set, replicas: next } of shrinkOld(deployment, olds, newSet))
              olds = olds.map((each) => (each.metadata.uid === set.metadata.uid ? resized(each, next) : each));
          // The kubelet's part: one more pod of the new set becomes available.
          const up = newSet.status!.availableReplicas!;
          if (up < sizeOf(newSet))
            newSet = { ...newSet, status: { replicas: sizeOf(newSet), availableReplicas: up + 1 } };
        }
        expect(totalSize(olds)).toBe(0);
        expect(sizeOf(newSet)).toBe(replicas);
      }),
    );
  });
});

describe('scaling in the middle of a rollout', () => {
  const marked = (name: string, replicas: number, desired: number, most: number) =>
    setOf(name, replicas, replicas - 1, {
      'deployment.kubernetes.io/desired-replicas': String(desired),
      'deployment.kubernetes.io/max-replicas': String(most),
    });

  it('shares out in proportion, the rest to the largest', () => {
    const sizes = scaleSets(rolling(15, 3, 2), [marked('old', 8, 10, 13)], marked('new', 5, 10, 13));
    expect(sizes.map(({ set, replicas }) => [set.metadata.name, replicas])).toEqual([
      ['old', 11],
      ['new', 7],
    ]);
  });

  it('adds up to the new size with its surge, whatever the sizes', () => {
    const size = fc.integer({ min: 1, max: 30 });
    fc.assert(
      fc.property(size, size, size, size, (one, two, three, replicas) => {
        const most = one + two + three;
        const sets = [marked('a', one, most, most), marked('b', two, most, most)];
        const resizes = scaleSets(rolling(replicas, 2, 0), sets, marked('c', three, most, most));
        expect(resizes.reduce((sum, each) => sum + each.replicas, 0)).toBe(replicas + 2);
        expect(resizes.every((each) => each.replicas >= 0)).toBe(true);
      }),
    );
  });

  it('scales the one active set, and to zero without a surge', () => {
    expect(scaleSets(rolling(7, 1, 0), [setOf('old', 0)], setOf('new', 3)).map((each) => each.replicas)).toEqual([7]);
    const down = scaleSets(rolling(0, 3, 2), [marked('old', 8, 10, 13)], marked('new', 5, 10, 13));
    expect(down.map((each) => each.replicas)).toEqual([0, 0]);
  });
});

describe('pod-template-hash', () => {
  const { template } = deploymentOf('web', 1).spec;

  it('is the same for the same template, whatever the order of its fields', () => {
    const turned = { spec: template.spec, metadata: template.metadata };
    expect(templateHash(turned, undefined)).toBe(templateHash(template, undefined));
    // Recorded: sets of earlier releases must be found again.
    expect(templateHash(template, undefined)).toBe('8df449bc6');
  });

  it('differs with the template and the count of collisions, and is a label that spells no word', () => {
    const other = { ...template, spec: { ...template.spec!, hostname: 'x' } };
    const all = [
      templateHash(template, undefined),
      templateHash(template, 0),
      templateHash(template, 1),
      templateHash(other, undefined),
    ];
    expect(new Set(all).size).toBe(4);
    for (const each of all) expect(each).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
  });
});

describe('revisions', () => {
  it('move on, the old one going to the history', () => {
    const set = setOf('web-1', 1, 1, { [revisionAnnotation]: '2', [historyAnnotation]: '1' });
    const deployment = {
      ...rolling(1, 1, 0),
      metadata: { name: 'web', annotations: { note: 'x', [revisionAnnotation]: '4' } },
    };
    expect(annotateNewSet(deployment, set, 5n, true)).toBe(true);
    expect(set.metadata.annotations).toEqual({ [revisionAnnotation]: '5', [historyAnnotation]: '1,2', note: 'x' });
    expect(annotateNewSet(deployment, set, 5n, true)).toBe(false);
  });

  it('never go back', () => {
    const set = setOf('web-1', 1, 1, { [revisionAnnotation]: '7' });
    expect(annotateNewSet(rolling(1, 1, 0), set, 3n, true)).toBe(false);
    expect(set.metadata.annotations).toEqual({ [revisionAnnotation]: '7' });
  });

  it('are as great as an int64, and none beyond', () => {
    const sets = ['3546343826724305832', '7', '+9223372036854775808', 'new'].map((revision) =>
      setOf('web', 1, 1, { [revisionAnnotation]: revision }),
    );
    expect(maxRevision(sets)).toBe(3546343826724305832n);
    annotateNewSet(rolling(1, 1, 0), sets[0]!, maxRevision(sets) + 1n, true);
    expect(sets[0]!.metadata.annotations![revisionAnnotation]).toBe('3546343826724305833');
  });

  it('keep a history of bounded length', () => {
    const set = setOf('web-1', 1, 1, { [revisionAnnotation]: '1' });
    for (let revision = 2n; revision < 2000n; revision++) annotateNewSet(rolling(1, 1, 0), set, revision, true);
    const history = set.metadata.annotations![historyAnnotation]!;
    expect(history.length).toBeLessThanOrEqual(2000);
    expect(history.endsWith(',1997,1998')).toBe(true);
  });
});
