import { expect, it } from '@jest/globals';
import { ArrayList, type ListIdentity, type Value } from '../values.ts';
import { equal, finder } from './equality.ts';

const set: ListIdentity = { is: 'set' };
const setOf = (items: readonly Value[]) => new ArrayList(items, set);

it('sets are equal in any order, of as many items as there are', () => {
  const items = Array.from({ length: 100_000 }, (_, i) => BigInt(i));
  expect(equal(setOf(items), setOf([...items].reverse()))).toBe(true);
  expect(equal(setOf(items), setOf([...items.slice(1), -1n]))).toBe(false);
});

it('a set is not equal to one with an item that it has not', () => {
  expect(equal(setOf([false, false]), setOf([true, false]))).toBe(false);
});

it('the first item that is the same is found, however many there are', () => {
  const items = Array.from({ length: 100_000 }, (_, i) => BigInt(i));
  const find = finder([...items, 7], set, equal);
  expect(items.every((item) => find(item) === item)).toBe(true);
  expect(find(7)).toBe(7n);
  expect(find(-1n)).toBe(undefined);
});
