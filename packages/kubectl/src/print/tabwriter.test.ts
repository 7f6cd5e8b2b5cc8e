import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { describeColumns, type TabOptions, TabWriter, tableColumns } from './tabwriter.ts';

function align(options: TabOptions, ...blocks: string[]): string {
  let text = '';
  const writer = new TabWriter((chunk) => {
    text += chunk;
  }, options);
  for (const block of blocks) {
    writer.write(block);
    writer.flush();
  }
  return text;
}

describe('columns', () => {
  it('are as wide as their widest cell, the last one open', () => {
    expect(align(tableColumns, 'NAME\tREADY\tAGE\nweb-1\t1/1\t5s\n')).toBe('NAME    READY   AGE\nweb-1   1/1     5s\n');
  });

  it('end where a line does not have the cell', () => {
    expect(align(describeColumns, 'A:\tb\nlong name:\tc\nplain\nB:\td\n')).toBe(
      'A:          b\nlong name:  c\nplain\nB:  d\n',
    );
  });

  it('of a watched table keep their width', () => {
    expect(align(tableColumns, 'a-long-name\tx\n', 'b\ty\n')).toBe('a-long-name   x\nb             y\n');
    expect(align(describeColumns, 'a-long-name\tx\n', 'b\ty\n')).toBe('a-long-name  x\nb  y\n');
  });

  it('count characters, not bytes', () => {
    expect(align(describeColumns, 'é\tx\nab\ty\n')).toBe('é   x\nab  y\n');
  });

  it('keep every cell, whatever is in it', () => {
    const cell = fc.stringMatching(/^[a-z]{0,6}$/);
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 }), (lines) => {
        const text = align(tableColumns, lines.map((line) => `${line.join('\t')}\n`).join(''));
        const words = (line: string): string[] => line.split(/ +/).filter(Boolean);
        expect(text.split('\n').slice(0, -1).map(words)).toEqual(lines.map((line) => line.filter(Boolean)));
      }),
    );
  });
});
