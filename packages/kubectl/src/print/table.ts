import { goText } from '@coracle/api/codec/go-text';
import type { TabWriter } from './tabwriter.ts';

/** meta.k8s.io/v1 Table, as the server renders lists. */
export interface Table {
  kind: 'Table';
  metadata?: { resourceVersion?: string; continue?: string };
  columnDefinitions?: TableColumn[] | null;
  rows?: TableRow[] | null;
}

export interface TableColumn {
  name: string;
  type: string;
  format?: string;
  description?: string;
  priority?: number;
}

export interface TableRow {
  cells: unknown[];
  object?: { metadata?: { name?: string; namespace?: string; labels?: Record<string, string> } } & Record<
    string,
    unknown
  >;
}

export interface TableOptions {
  readonly wide: boolean;
  readonly noHeaders: boolean;
  readonly withNamespace: boolean;
  /** `deployment.apps`: shown before each name (--show-kind, several types). */
  readonly withKind?: string;
  readonly showLabels: boolean;
  readonly labelColumns: readonly string[];
  /** Columns put before all others (the event type of --output-watch-events). */
  readonly leading?: readonly { name: string; value: string }[];
}

/** Prints tables of one resource: the header once, and again only when the columns change. */
export class TablePrinter {
  readonly #options: TableOptions;
  #lastColumns: TableColumn[] | undefined;
  #printedHeaders = false;

  constructor(options: TableOptions) {
    this.#options = options;
  }

  print(table: Table, out: TabWriter, leading: readonly { name: string; value: string }[] = []): void {
    const given = table.columnDefinitions ?? [];
    const rows = table.rows ?? [];
    const same = given.length === 0 || JSON.stringify(given) === JSON.stringify(this.#lastColumns);
    const noHeaders = this.#options.noHeaders || (this.#printedHeaders && same);
    const columns = given.length > 0 ? given : (this.#lastColumns ?? []);
    this.#lastColumns = columns;
    if (rows.length === 0) return;
    this.#printedHeaders = true;
    const shown = columns
      .map((column, index) => ({ column, index }))
      .filter(({ column }) => this.#options.wide || !column.priority);
    if (!noHeaders)
      out.write(
        `${this.#header(
          shown.map(({ column }) => column.name),
          leading,
        ).join('\t')}\n`,
      );
    for (const row of rows) out.write(`${this.#row(row, shown, leading).join('\t')}\n`);
  }

  #header(names: string[], leading: readonly { name: string }[]): string[] {
    const { withNamespace, labelColumns, showLabels } = this.#options;
    return [
      ...leading.map((each) => each.name),
      ...(withNamespace ? ['Namespace'] : []),
      ...names,
      ...labelColumns.map((label) => label.slice(label.lastIndexOf('/') + 1)),
      ...(showLabels ? ['Labels'] : []),
    ].map((name) => name.toUpperCase());
  }

  #row(
    row: TableRow,
    shown: readonly { column: TableColumn; index: number }[],
    leading: readonly { value: string }[],
  ): string[] {
    const { withNamespace, withKind, labelColumns, showLabels } = this.#options;
    const metadata = row.object?.metadata;
    const labels = metadata?.labels ?? {};
    return [
      ...leading.map((each) => each.value),
      ...(withNamespace ? [metadata?.namespace ?? ''] : []),
      ...shown.map(({ column, index }) => {
        const text = cellText(row.cells[index]);
        return withKind && column.format === 'name' ? `${withKind}/${text}` : text;
      }),
      ...labelColumns.map((label) => (Object.hasOwn(labels, label) ? labels[label]! : '')),
      ...(showLabels ? [labelText(labels)] : []),
    ];
  }
}

const escapes: Record<string, string> = { '\x1b': '^[', '\r': '\\r' };

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return goText(value);
  const end = value.search(/[\f\n\r]/);
  const text = end < 0 ? value : `${value.slice(0, end)}...`;
  return text.replace(/[\x1b\r]/g, (c) => escapes[c]!);
}

/** Labels as tables show them: `a=b,c=d`, sorted; `<none>` without any. */
export function labelText(labels: Readonly<Record<string, string>> | undefined): string {
  const entries = Object.entries(labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? '<none>' : entries.map(([key, value]) => `${key}=${value}`).join(',');
}
