import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  difference,
  type FieldSet,
  intersection,
  isEmptySet,
  membersOf,
  none,
  recursiveDifference,
  SetBuilder,
  setOfFields,
  union,
} from './field-set.ts';
import { formatPath } from './path-element.ts';

const paths = fc.uniqueArray(
  fc.array(fc.constantFrom('f:a', 'f:b', 'k:{"name":"x"}', 'v:"y"'), { minLength: 1, maxLength: 4 }),
  { selector: (path) => path.join('/'), maxLength: 12 },
);

function setOf(members: readonly (readonly string[])[]): FieldSet {
  const builder = new SetBuilder();
  for (const path of members) {
    let at = builder;
    for (const element of path.slice(0, -1)) at = at.child(element);
    at.add(path.at(-1)!);
  }
  return builder.build();
}

const keys = (set: FieldSet): Set<string> => new Set([...membersOf(set)].map((path) => path.join('/')));
const keysOf = (members: readonly (readonly string[])[]): Set<string> => new Set(members.map((path) => path.join('/')));

describe('field sets', () => {
  it('have the members they were built from, and nothing else', () => {
    fc.assert(fc.property(paths, (members) => expect(keys(setOf(members))).toEqual(keysOf(members))));
  });

  it('follow the laws of sets', () => {
    fc.assert(
      fc.property(paths, paths, (a, b) => {
        const left = keysOf(a);
        const right = keysOf(b);
        expect(keys(union(setOf(a), setOf(b)))).toEqual(left.union(right));
        expect(keys(intersection(setOf(a), setOf(b)))).toEqual(left.intersection(right));
        expect(keys(difference(setOf(a), setOf(b)))).toEqual(left.difference(right));
      }),
    );
  });

  it('are in one form only, however they came about', () => {
    fc.assert(
      fc.property(paths, paths, (a, b) => {
        const both = union(setOf(a), setOf(b));
        expect(both).toEqual(setOf([...a, ...b]));
        expect(difference(both, setOf(b))).toEqual(setOf(a.filter((path) => !keysOf(b).has(path.join('/')))));
        expect(isEmptySet(difference(both, both))).toBe(true);
      }),
    );
  });

  it('are shared where nothing is taken away', () => {
    const set = setOf([['f:spec', 'f:replicas']]);
    expect(difference(set, setOf([['f:spec', 'f:paused']]))).toBe(set);
    expect(union(set, none)).toBe(set);
  });

  it('lose everything below a field in a recursive difference', () => {
    const set = setOf([['f:status', 'f:a'], ['f:status'], ['f:spec', 'f:a'], ['f:spec', 'f:b', 'f:c']]);
    expect(recursiveDifference(set, setOfFields(['status', 'spec.b']))).toEqual(setOf([['f:spec', 'f:a']]));
  });

  it('write a member that has members below it with a dot', () => {
    expect(setOf([['f:labels'], ['f:labels', 'f:app']])).toEqual({ 'f:labels': { '.': {}, 'f:app': {} } });
  });
});

describe('formatPath', () => {
  it.each([
    [['f:spec', 'f:replicas'], '.spec.replicas'],
    [['f:spec', 'f:containers', 'k:{"name":"web"}', 'f:image'], '.spec.containers[name="web"].image'],
    [['f:ports', 'k:{"containerPort":80,"protocol":"TCP"}'], '.ports[containerPort=80,protocol="TCP"]'],
    [['f:finalizers', 'v:"a/b"'], '.finalizers[="a/b"]'],
    [['f:list', 'i:3'], '.list[3]'],
  ])('%j is %s', (path, text) => {
    expect(formatPath(path)).toBe(text);
  });
});
