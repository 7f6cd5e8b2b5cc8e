import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deepEqual } from '../meta/object.ts';
import { applyMergePatch, createMergePatch, createThreeWayMergePatch } from './merge-patch.ts';

describe('applyMergePatch', () => {
  // The table of RFC 7386, appendix A, but for nulls within lists' objects, which upstream removes.
  it.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j is %j', (document, patch, result) => {
    expect(applyMergePatch<unknown>(document, patch)).toEqual(result);
  });

  it('treats __proto__ as a key like any other', () => {
    const patched = applyMergePatch({ data: {} }, JSON.parse('{"data":{"__proto__":{"x":1}}}'));
    expect(JSON.stringify(patched)).toBe('{"data":{"__proto__":{"x":1}}}');
    expect(JSON.stringify(applyMergePatch(patched, JSON.parse('{"data":{"__proto__":null}}')))).toBe('{"data":{}}');
  });

  it('shares nothing with its arguments', () => {
    const document = { a: { x: [1] } };
    const patch = { b: { y: [2] } };
    const patched = applyMergePatch<{ a: { x: number[] }; b?: { y: number[] } }>(document, patch);
    patched.a.x.push(9);
    patched.b?.y.push(9);
    expect([document, patch]).toEqual([{ a: { x: [1] } }, { b: { y: [2] } }]);
  });
});

/** JSON without nulls: what a merge patch can express. */
const plain = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, fc.integer(), fc.string(), fc.boolean(), fc.array(tie('scalar')), tie('object')),
  scalar: fc.oneof(fc.integer(), fc.string()),
  object: fc.dictionary(fc.oneof(fc.constantFrom('a', 'b', 'c', '__proto__'), fc.string()), tie('value'), {
    maxKeys: 5,
  }),
})).object;

describe('createMergePatch', () => {
  it('makes a patch that leads from one document to the other', () => {
    fc.assert(
      fc.property(plain, plain, (from, to) => {
        expect(deepEqual(applyMergePatch(from, createMergePatch(from, to)), to)).toBe(true);
      }),
    );
  });

  it('makes an empty patch of a document and itself', () => {
    fc.assert(
      fc.property(plain, (document) => expect(createMergePatch(document, structuredClone(document))).toEqual({})),
    );
  });

  it('makes patches that can be applied twice', () => {
    fc.assert(
      fc.property(plain, plain, (from, to) => {
        const patch = createMergePatch(from, to);
        const once = applyMergePatch(from, patch);
        expect(deepEqual(applyMergePatch(once, patch), once)).toBe(true);
      }),
    );
  });
});

describe('createThreeWayMergePatch', () => {
  it('changes what is wanted, deletes what is no longer wanted, and leaves the rest', () => {
    const original = { spec: { a: 1, gone: true, same: 1 } };
    const modified = { spec: { a: 2, same: 1 } };
    const current = { spec: { a: 1, gone: true, same: 1, theirs: 'x' }, status: {} };
    const patch = createThreeWayMergePatch(original, modified, current);
    expect(patch).toEqual({ spec: { a: 2, gone: null } });
    expect(applyMergePatch(current, patch)).toEqual({ spec: { a: 2, same: 1, theirs: 'x' }, status: {} });
  });

  it('is empty when nothing changed', () => {
    fc.assert(
      fc.property(plain, (document) => expect(createThreeWayMergePatch(document, document, document)).toEqual({})),
    );
  });

  it('restores what somebody else took away', () => {
    const wanted = { spec: { a: 1 } };
    expect(createThreeWayMergePatch(wanted, wanted, { spec: {} })).toEqual({ spec: { a: 1 } });
  });

  it('deletes nothing without a record of what was applied', () => {
    expect(createThreeWayMergePatch(undefined, { a: 1 }, { a: 1, b: 2 })).toEqual({});
  });

  it('reaches the wanted state of all it was asked for', () => {
    fc.assert(
      fc.property(plain, plain, plain, (original, modified, current) => {
        const result = applyMergePatch(current, createThreeWayMergePatch(original, modified, current));
        // Laying the wanted state over the result changes nothing any more.
        expect(deepEqual(applyMergePatch(result, modified), result)).toBe(true);
      }),
    );
  });
});
