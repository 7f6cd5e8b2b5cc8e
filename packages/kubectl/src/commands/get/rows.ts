import { humanDuration } from '@coracle/api/meta/time';
import type { Table } from '../../print/table.ts';
import type { AnyObject } from '../../resources/resource.ts';

/** The answer as a table. A server that renders none gave the object itself: it is shown by name and age. */
export function asTable(answer: AnyObject): Table {
  if (answer.kind === 'Table') return withPlainObjects(answer as unknown as Table);
  return {
    kind: 'Table',
    columnDefinitions: [
      { name: 'Name', type: 'string', format: 'name' },
      { name: 'Age', type: 'date' },
    ],
    rows: [{ cells: [answer.metadata.name, ageOf(answer.metadata.creationTimestamp)], object: answer }],
  };
}

export const ageOf = (timestamp: string | undefined, now = Date.now()): string =>
  timestamp ? humanDuration(now - Date.parse(timestamp)) : '<unknown>';

function withPlainObjects(table: Table): Table {
  return { ...table, columnDefinitions: table.columnDefinitions ?? [], rows: table.rows ?? [] };
}
