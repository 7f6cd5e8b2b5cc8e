import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { applyJsonPatch, JsonPatchError, TooManyOperationsError } from './json-patch.ts';

describe('applyJsonPatch', () => {
  it('treats __proto__ as a key like any other', () => {
    const document = JSON.parse('{"data":{"__proto__":"old"}}');
    const patched = applyJsonPatch(document, [
      { op: 'test', path: '/data/__proto__', value: 'old' },
      { op: 'replace', path: '/data/__proto__', value: 'new' },
      { op: 'add', path: '/__proto__', value: { polluted: true } },
    ]);
    expect(JSON.stringify(patched)).toBe('{"data":{"__proto__":"new"},"__proto__":{"polluted":true}}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(JSON.stringify(applyJsonPatch(patched, [{ op: 'remove', path: '/data/__proto__' }]))).toBe(
      '{"data":{},"__proto__":{"polluted":true}}',
    );
  });

  it('does not reach what objects inherit', () => {
    expect(() => applyJsonPatch({}, [{ op: 'add', path: '/constructor/x', value: 1 }])).toThrow(JsonPatchError);
    expect(() => applyJsonPatch({}, [{ op: 'test', path: '/toString', value: 1 }])).toThrow(
      'testing value /toString failed',
    );
  });

  it('replaces and tests the whole document', () => {
    expect(
      applyJsonPatch({ a: 1 }, [
        { op: 'test', path: '', value: { a: 1 } },
        { op: 'replace', path: '', value: [1] },
      ]),
    ).toEqual([1]);
    expect(applyJsonPatch({ a: { b: 1 } }, [{ op: 'copy', from: '/a', path: '' }])).toEqual({ b: 1 });
  });

  it('tells null from absent only where a value is expected', () => {
    expect(applyJsonPatch({ a: null }, [{ op: 'test', path: '/a', value: null }])).toEqual({ a: null });
    expect(applyJsonPatch({}, [{ op: 'test', path: '/a', value: null }])).toEqual({});
  });

  it('applies all or nothing, and never changes its argument', () => {
    const document = { list: [1, 2], deep: { x: {} } };
    expect(() =>
      applyJsonPatch(document, [
        { op: 'add', path: '/list/-', value: 3 },
        { op: 'test', path: '/list/0', value: 9 },
      ]),
    ).toThrow('testing value /list/0 failed: test failed');
    expect(document).toEqual({ list: [1, 2], deep: { x: {} } });
  });

  it('does not let values of the patch become shared', () => {
    const value = { a: 1 };
    const patched = applyJsonPatch<Record<string, { a: number }>>({}, [
      { op: 'add', path: '/x', value },
      { op: 'copy', from: '/x', path: '/y' },
    ]);
    patched['x']!.a = 2;
    expect([value.a, patched['y']!.a]).toEqual([1, 1]);
  });

  it('finds nothing in a list by what is no index', () => {
    expect(() => applyJsonPatch({ list: [{ a: 1 }] }, [{ op: 'remove', path: '/list/x/a' }])).toThrow(
      'remove operation does not apply: doc is missing path: "/list/x/a": missing value',
    );
  });

  it('changes long lists as it does short ones', () => {
    const index = fc.integer({ min: -6000, max: 6000 }).map(String);
    const place = fc.oneof(index, index, index, fc.constantFrom('-', '0', '4999')).map((step) => `/list/${step}`);
    const operation = fc.oneof(
      fc.record({ op: fc.constant('add'), path: place, value: fc.integer() }),
      fc.record({ op: fc.constant('remove'), path: place }),
      fc.record({ op: fc.constant('replace'), path: place, value: fc.integer() }),
      fc.record({ op: fc.constantFrom('move', 'copy'), from: place, path: place }),
      fc.record({ op: fc.constant('copy'), from: fc.constant('/list'), path: fc.constantFrom('/other', '/list/7') }),
    );
    const document = { list: Array.from({ length: 5000 }, (_, i) => i) };
    /** What all operations together do, or that one of them cannot be done. */
    const outcome = (act: () => unknown) => {
      try {
        return JSON.stringify(act());
      } catch (error) {
        return (error as Error).message;
      }
    };
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 12 }), (operations) => {
        // One operation a patch: then no list is taken apart for more than one change.
        const each = () => operations.reduce((it, operation) => applyJsonPatch(it, [operation]), document);
        expect(outcome(() => applyJsonPatch(document, operations))).toBe(outcome(each));
      }),
      { numRuns: 60 },
    );
  });

  it('moves few items of a long list for each operation', () => {
    let moved = 0;
    const splice = Array.prototype.splice;
    const spy = jest.spyOn(Array.prototype, 'splice').mockImplementation(function (this: unknown[], ...rest) {
      moved += this.length;
      return splice.apply(this, rest as Parameters<typeof splice>);
    });
    const list = Array.from({ length: 300_000 }, (_, i) => i);
    const move = { op: 'move', from: '/list/0', path: '/list/250000' };
    try {
      const patched = applyJsonPatch(
        { list },
        Array.from({ length: 10_000 }, () => move),
      );
      expect([patched.list.length, patched.list[0], patched.list[250_000]]).toEqual([300_000, 10_000, 9_999]);
    } finally {
      spy.mockRestore();
    }
    expect(moved).toBeLessThan(10_000 * 5000);
  });

  it('refuses to move a value into itself', () => {
    expect(() => applyJsonPatch({ a: { b: {} } }, [{ op: 'move', from: '/a', path: '/a/b/c' }])).toThrow(
      JsonPatchError,
    );
    expect(applyJsonPatch({ a: 1 }, [{ op: 'move', from: '/a', path: '/a' }])).toEqual({ a: 1 });
  });

  it('allows ten thousand operations and not one more', () => {
    const operations = (count: number): unknown =>
      Array.from({ length: count }, () => ({ op: 'test', path: '', value: {} }));
    expect(applyJsonPatch({}, operations(10_000))).toEqual({});
    expect(() => applyJsonPatch({}, operations(10_001))).toThrow(new TooManyOperationsError(10_001));
    expect(new TooManyOperationsError(10_001).message).toBe(
      'The allowed maximum operations in a JSON patch is 10000, got 10001',
    );
  });

  it('refuses a patch that multiplies a document beyond reason', () => {
    const copies = Array.from({ length: 30 }, (_, i) => ({ op: 'copy', from: '/a', path: `/a/c${i}` }));
    expect(() => applyJsonPatch({ a: { text: 'x'.repeat(1000) } }, copies)).toThrow(
      'the accumulated size increase of copy is',
    );
  });

  it.each([
    ['no list', {}],
    ['no operation', [1]],
    ['no from', [{ op: 'copy', path: '/a' }]],
    ['no pointer', [{ op: 'add', path: 'a', value: 1 }]],
  ])('refuses %s', (_, patch) => {
    expect(() => applyJsonPatch({ a: 1 }, patch)).toThrow(JsonPatchError);
  });

  it('undoes an addition by removing it', () => {
    const key = fc.string({ minLength: 1 });
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue()), key, fc.jsonValue(), (document, name, value) => {
        fc.pre(!Object.hasOwn(document, name));
        const path = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
        const added = applyJsonPatch(document, [
          { op: 'add', path, value },
          { op: 'test', path, value },
        ]);
        expect(Object.hasOwn(added, name)).toBe(true);
        expect(applyJsonPatch(added, [{ op: 'remove', path }])).toEqual(document);
      }),
    );
  });
});
