import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { indentJson } from './json-indent.ts';

describe('indenting JSON', () => {
  it('writes what JSON.stringify writes with two spaces', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(indentJson(json)).toBe(JSON.stringify(JSON.parse(json), undefined, 2));
      }),
    );
  });

  it('keeps numbers digit by digit', () => {
    expect(indentJson('{"a":[9007199254740993,1.0],"b":{}}')).toBe(
      '{\n  "a": [\n    9007199254740993,\n    1.0\n  ],\n  "b": {}\n}',
    );
  });
});
