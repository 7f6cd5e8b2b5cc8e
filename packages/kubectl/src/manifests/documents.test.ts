import { describe, expect, it } from '@jest/globals';
import { parseDocuments } from './documents.ts';

const values = (text: string): unknown[] =>
  parseDocuments('f', text).map((each) => ('value' in each ? each.value : each.error.message));

describe('the documents of a source', () => {
  it('are parted by lines of dashes; empty ones are left out', () => {
    expect(values('---\na: 1\n---\n# nothing\n---  # next\nb: 2\n---\n')).toEqual([{ a: 1 }, { b: 2 }]);
  });

  it('may be JSON objects one after the other', () => {
    expect(values('{"a": 1}{"b": "}{"}\n---\n{"c": 9007199254740993}')).toEqual([
      { a: 1 },
      { b: '}{' },
      { c: 9007199254740993n },
    ]);
  });

  it('do not fall with a broken one, which is named with line and column', () => {
    const [first, broken, last] = values('a: 1\n---\nb: [\n---\nc: 3\n');
    expect([first, last]).toEqual([{ a: 1 }, { c: 3 }]);
    expect(broken).toMatch(/^error parsing f: error converting YAML to JSON: yaml: line [34], column \d+: /);
  });

  it('keep dashes inside of text', () => {
    expect(values('a: |\n  x\n  ---\n  y\n')).toEqual([{ a: 'x\n---\ny\n' }]);
  });

  it('of bad JSON tell where', () => {
    expect(values('{"a": 1}\n{"b": }')[1]).toMatch(/^error parsing f: line 2, column 1: /);
  });
});
