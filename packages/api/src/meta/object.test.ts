import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AnyKind, KubeObject } from '../kind.ts';
import { findCondition, isConditionTrue, removeCondition, setCondition } from './conditions.ts';
import { isPercent, resolveIntOrPercent } from './int-or-string.ts';
import { clone, deepEqual, getOwn, getPath, isObject, keyOf, setOwn, setPath, splitKey } from './object.ts';
import { controllerOf, controllerRef, isControlledBy, ownerRef } from './owner.ts';

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.bigInt(),
    fc.string(),
    fc.array(tie('value')),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString')), tie('value')),
  ),
})).value;

/** A chain of `depth` objects or arrays. */
function nested(depth: number, end: unknown): unknown {
  let value = end;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? { a: value } : [value];
  return value;
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each));

describe('clone', () => {
  it('makes an equal value that shares nothing', () => {
    fc.assert(
      fc.property(json, (value) => {
        const copy = clone(value);
        expect(text(copy)).toBe(text(value));
        expect(deepEqual(copy, value)).toBe(true);
        const shared = (a: unknown, b: unknown): boolean =>
          isContainer(a) &&
          isContainer(b) &&
          (a === b || Object.keys(a).some((key) => shared(getOwn(a, key), getOwn(b, key))));
        expect(shared(copy, value)).toBe(false);
      }),
    );
  });

  it('goes as deep as JSON may', () => {
    const deep = nested(10_000, { end: [1] });
    const copy = clone(deep);
    expect(deepEqual(copy, deep)).toBe(true);
    expect(deepEqual(copy, nested(10_000, { end: [2] }))).toBe(false);
    expect(deepEqual(copy, nested(10_000, { end: [1], more: 1 }))).toBe(false);
    expect(deepEqual(nested(600, []), nested(600, {}))).toBe(false);
  });
});

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;

describe('deepEqual', () => {
  it('agrees with the text of both', () => {
    const sorted = (value: unknown): unknown =>
      Array.isArray(value)
        ? ['list', ...value.map(sorted)]
        : isObject(value)
          ? Object.keys(value)
              .sort()
              .map((key) => [key, sorted(getOwn(value, key))])
          : value;
    const small = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 2 },
        fc.constantFrom(0, 1, null, 'a'),
        fc.array(tie('value'), { maxLength: 2 }),
        fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), tie('value')),
      ),
    })).value;
    fc.assert(
      fc.property(small, small, (a, b) => {
        expect(deepEqual(a, b)).toBe(text(sorted(a)) === text(sorted(b)));
      }),
    );
  });

  it.each([
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: undefined }, {}, true],
    [{}, { a: undefined }, true],
    [{ a: undefined }, { b: undefined }, true],
    [{ a: null }, {}, false],
    [[1, 2], [2, 1], false],
    [[], {}, false],
    [1, 1n, false],
    [Number.NaN, Number.NaN, true],
    [{ constructor: Object }, {}, false],
    [null, undefined, false],
    [null, {}, false],
  ])('%j and %j: %s', (a, b, equal) => {
    expect(deepEqual(a, b)).toBe(equal);
    expect(deepEqual(b, a)).toBe(equal);
  });
});

describe('keys and paths', () => {
  it('name an object by namespace and name', () => {
    const object = (metadata: KubeObject['metadata']): KubeObject => ({ metadata });
    expect(keyOf(object({ namespace: 'a', name: 'b' }))).toBe('a/b');
    expect(keyOf(object({ name: 'b' }))).toBe('b');
    expect(splitKey('a/b')).toEqual({ namespace: 'a', name: 'b' });
    expect(splitKey('b')).toEqual({ name: 'b' });
  });

  it('reach into objects, and only into what is their own', () => {
    const object = { spec: { list: [{ a: 1 }], template: { x: null } } };
    expect(getPath(object, 'spec.template')).toEqual({ x: null });
    expect(getPath(object, 'spec.list.0.a')).toBe(1);
    expect(getPath(object, 'spec.template.x.y')).toBeUndefined();
    expect(getPath(object, 'spec.constructor')).toBeUndefined();
    expect(getPath(undefined, 'a')).toBeUndefined();
    setPath(object, 'spec.template.y.z', 1);
    setPath(object, 'status', 2);
    expect(object).toEqual({ spec: { list: [{ a: 1 }], template: { x: null, y: { z: 1 } } }, status: 2 });
    const plain = {};
    setPath(plain, '__proto__.polluted', true);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    setOwn(plain, '__proto__', 'x');
    expect(JSON.stringify(plain)).toBe('{"__proto__":"x"}');
  });
});

describe('owners', () => {
  const kind = { apiVersion: 'apps/v1', kind: 'ReplicaSet' } as AnyKind;
  const owner: KubeObject = { metadata: { name: 'web', uid: 'u1' } };
  const owned: KubeObject = {
    metadata: { ownerReferences: [ownerRef({ metadata: { name: 'x', uid: 'u0' } }, kind), controllerRef(owner, kind)] },
  };

  it('control what refers to them by uid', () => {
    expect(controllerOf(owned)).toEqual({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      name: 'web',
      uid: 'u1',
      controller: true,
      blockOwnerDeletion: true,
    });
    expect(isControlledBy(owned, owner)).toBe(true);
    expect(isControlledBy(owned, { metadata: { name: 'web', uid: 'u2' } })).toBe(false);
    expect(isControlledBy(owned, { metadata: { name: 'x', uid: 'u0' } })).toBe(false);
    expect(controllerOf({ metadata: {} })).toBeUndefined();
  });
});

describe('conditions', () => {
  it('keep the time of their last transition until the status changes', () => {
    const list = [{ type: 'Ready', status: 'True', reason: 'A', lastTransitionTime: '2026-01-01T00:00:00Z' }];
    expect(
      setCondition(list, { type: 'Ready', status: 'True', reason: 'A', lastTransitionTime: '2026-01-02T00:00:00Z' }),
    ).toBe(false);
    expect(
      setCondition(list, { type: 'Ready', status: 'True', reason: 'B', lastTransitionTime: '2026-01-02T00:00:00Z' }),
    ).toBe(true);
    expect(list[0]).toEqual({ type: 'Ready', status: 'True', reason: 'B', lastTransitionTime: '2026-01-01T00:00:00Z' });
    expect(
      setCondition(list, { type: 'Ready', status: 'False', reason: 'B', lastTransitionTime: '2026-01-02T00:00:00Z' }),
    ).toBe(true);
    expect(list[0]?.lastTransitionTime).toBe('2026-01-02T00:00:00Z');
  });

  it('get the time now where they have none', () => {
    const list: { type: string; status: string; lastTransitionTime?: string }[] = [];
    expect(setCondition(list, { type: 'Ready', status: 'True' })).toBe(true);
    expect(setCondition(list, { type: 'Other', status: 'Unknown' })).toBe(true);
    expect(list.map((each) => typeof each.lastTransitionTime)).toEqual(['string', 'string']);
    expect(setCondition(list, { type: 'Ready', status: 'True' })).toBe(false);
    expect([
      isConditionTrue(list, 'Ready'),
      isConditionTrue(list, 'Other'),
      isConditionTrue(undefined, 'Ready'),
    ]).toEqual([true, false, false]);
    expect(findCondition(list, 'Other')?.status).toBe('Unknown');
    expect([removeCondition(list, 'Other'), removeCondition(list, 'Other'), list.length]).toEqual([true, false, 1]);
  });
});

describe('resolveIntOrPercent', () => {
  it.each([
    [undefined, 10, true, 0],
    [3, 10, true, 3],
    ['25%', 10, true, 3],
    ['25%', 10, false, 2],
    ['0%', 10, true, 0],
    ['100%', 7, false, 7],
    ['150%', 10, true, 15],
    ['1%', 1, true, 1],
    ['1%', 1, false, 0],
    ['29%', 100, true, 29],
    ['58%', 100, false, 58],
  ])('%s of %d, rounded up: %s', (value, total, up, result) => {
    expect(resolveIntOrPercent(value, total, up)).toBe(result);
  });

  it.each([
    ['5', 'invalid value for IntOrString: invalid type: string is not a percentage'],
    ['', 'invalid value for IntOrString: invalid type: string is not a percentage'],
    ['x%', 'invalid value for IntOrString: invalid value "x%": strconv.Atoi: parsing "x": invalid syntax'],
  ])('refuses %j', (value, message) => {
    expect(() => resolveIntOrPercent(value, 10, true)).toThrow(new Error(message));
  });

  it('tells percentages', () => {
    expect(['25%', '%', '2.5%', 25, '25'].map(isPercent)).toEqual([true, false, false, false, false]);
  });
});
