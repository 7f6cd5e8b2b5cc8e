import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { expand } from './expand.ts';

const vars: Record<string, string> = { A: 'a', EMPTY: '', B: '$(A)' };
const lookup = (name: string): string | undefined => vars[name];

describe('expand', () => {
  it.each([
    ['$(A)', 'a'],
    ['x$(A)y$(A)', 'xaya'],
    ['$(EMPTY)-', '-'],
    ['$(NOBODY)', '$(NOBODY)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$a'],
    ['$$', '$'],
    ['$', '$'],
    ['$A', '$A'],
    ['$(A', '$(A'],
    ['$(B)', '$(A)'],
    ['a$', 'a$'],
    ['$()', '$()'],
  ])('%s becomes %s', (text, expected) => {
    expect(expand(text, lookup)).toBe(expected);
  });

  it('leaves texts without $ alone', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('$')),
        (text) => expand(text, lookup) === text,
      ),
    );
  });

  it('undoes doubling of $', () => {
    fc.assert(fc.property(fc.string(), (text) => expand(text.replaceAll('$', '$$$$'), lookup) === text));
  });
});
