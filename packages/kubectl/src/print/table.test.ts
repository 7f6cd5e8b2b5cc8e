import { describe, expect, it } from '@jest/globals';
import { type Table, type TableOptions, TablePrinter } from './table.ts';
import { TabWriter, tableColumns } from './tabwriter.ts';

const table: Table = {
  kind: 'Table',
  columnDefinitions: [
    { name: 'Name', type: 'string', format: 'name', priority: 0 },
    { name: 'Ready', type: 'integer', priority: 0 },
    { name: 'Node', type: 'string', priority: 1 },
  ],
  rows: [
    {
      cells: ['a', 1, 'n1'],
      object: { metadata: { name: 'a', namespace: 'default', labels: { app: 'x', 'y/tier': 'z' } } },
    },
    { cells: ['b', null, 'two\nlines'], object: { metadata: { name: 'b', namespace: 'other' } } },
  ],
};

function print(options: Partial<TableOptions>, ...tables: Table[]): string[] {
  let text = '';
  const writer = new TabWriter((chunk) => {
    text += chunk;
  }, tableColumns);
  const printer = new TablePrinter({
    wide: false,
    noHeaders: false,
    withNamespace: false,
    showLabels: false,
    labelColumns: [],
    ...options,
  });
  for (const each of tables) printer.print(each, writer);
  writer.flush();
  return text.split('\n').slice(0, -1);
}

describe('a table', () => {
  it('shows the columns of priority 0', () => {
    expect(print({}, table)).toEqual(['NAME   READY', 'a      1', 'b      ']);
  });

  it('shows all of them when wide, and the first line of each cell', () => {
    expect(print({ wide: true }, table)).toEqual(['NAME   READY   NODE', 'a      1       n1', 'b              two...']);
  });

  it('prints its header once, however many parts it comes in', () => {
    expect(print({}, table, { kind: 'Table', rows: table.rows! })).toEqual([
      'NAME   READY',
      'a      1',
      'b      ',
      'a      1',
      'b      ',
    ]);
    expect(print({}, { ...table, rows: [] })).toEqual([]);
    expect(print({ noHeaders: true }, table)).toEqual(['a     1', 'b     ']);
  });

  it('may show namespaces, kinds and labels', () => {
    expect(print({ withNamespace: true, withKind: 'pod', labelColumns: ['y/tier'], showLabels: true }, table)).toEqual([
      'NAMESPACE   NAME    READY   TIER   LABELS',
      'default     pod/a   1       z      app=x,y/tier=z',
      'other       pod/b                  <none>',
    ]);
  });
});
