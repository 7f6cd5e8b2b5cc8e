import { describe, expect, it } from '@jest/globals';
import { Warnings } from './warnings.ts';

function headersOf(...texts: string[]): string[] {
  const warnings = new Warnings();
  for (const text of texts) warnings.add(text);
  return warnings.headers();
}

describe('warnings', () => {
  it('are told once each, in order, quoted', () => {
    expect(headersOf('b "x"', 'a', 'b "x"', 'c\n\\')).toEqual(['299 - "b \\"x\\""', '299 - "a"', '299 - "c \\\\"']);
    expect(headersOf()).toEqual([]);
  });

  it('are whole as long as all of them fit', () => {
    const texts = ['a'.repeat(4000), 'b'.repeat(96)];
    expect(headersOf(...texts)).toEqual(texts.map((text) => `299 - "${text}"`));
  });

  it('are cut short where they do not fit, and left out where those fill the answer', () => {
    const texts = Array.from({ length: 100 }, (_, i) => `${i}`.padEnd(300, 'x'));
    expect(headersOf(...texts)).toEqual(texts.slice(0, 16).map((text) => `299 - "${text.slice(0, 256)}"`));
    expect(headersOf('x'.repeat(5000), 'y')).toEqual([`299 - "${'x'.repeat(256)}"`, '299 - "y"']);
    expect(headersOf('☃'.repeat(5000))[0]).toBe(`299 - "${Buffer.from('☃'.repeat(256)).toString('latin1')}"`);
  });
});
