import { describe, expect, it } from '@jest/globals';
import { CustomColumnsPrinter, customColumns } from './custom-columns.ts';
import { sortBy } from './sort.ts';

const objects = [
  { metadata: { name: 'web-10' }, spec: { cpu: '500m', n: 2, list: ['x', 'y'] } },
  { metadata: { name: 'web-9' }, spec: { cpu: '1', n: 10 } },
  { metadata: { name: 'none' }, spec: {} },
];

describe('custom columns', () => {
  it('show what their paths find', () => {
    const printer = new CustomColumnsPrinter(
      customColumns('NAME:.metadata.name,LIST:.spec.list[*],N:{.spec.n}'),
      false,
    );
    expect(printer.print(objects)).toBe(
      'NAME     LIST     N\nweb-10   x,y      2\nweb-9    <none>   10\nnone     <none>   <none>\n',
    );
  });

  it('need a header and a path each', () => {
    expect(() => customColumns('NAME')).toThrow(
      'unexpected custom-columns spec: NAME, expected <header>:<json-path-expr>',
    );
    expect(() => customColumns('')).toThrow('custom-columns format specified but no custom columns given');
  });
});

describe('--sort-by', () => {
  const names = (expression: string): string[] => sortBy(objects, expression, (it) => it).map((it) => it.metadata.name);

  it('compares quantities and numbers by value, other text by its characters; what lacks the field comes first', () => {
    expect(names('.metadata.name')).toEqual(['none', 'web-10', 'web-9']);
    expect(names('{.spec.cpu}')).toEqual(['none', 'web-10', 'web-9']);
    expect(names('spec.n')).toEqual(['none', 'web-10', 'web-9']);
  });

  it('refuses a field that no object has', () => {
    expect(() => names('.spec.nope')).toThrow(
      'couldn\'t find any field with path "{.spec.nope}" in the list of objects',
    );
  });
});
