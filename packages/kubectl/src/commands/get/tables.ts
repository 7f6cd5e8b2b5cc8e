import type { Call } from '../../cli/command.ts';
import { sortBy } from '../../print/sort.ts';
import { type Table, TablePrinter } from '../../print/table.ts';
import { TabWriter, tableColumns } from '../../print/tabwriter.ts';
import { qualified, type Resource } from '../../resources/resource.ts';
import { type Info, type Selection, select } from '../../resources/selection.ts';
import { asTable } from './rows.ts';

/** Asks for lists rendered as tables. */
export const tableAccept =
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';

/** Prints what is selected as tables, one after the other; returns the errors met on the way. */
export async function printTables(call: Call, selection: Selection): Promise<unknown[]> {
  const { flags, session, terminal } = call;
  const sorting = flags.string('sort-by');
  const { infos, errors } = await select(session, terminal, {
    ...selection,
    accept: tableAccept,
    ...(sorting === '' ? {} : { query: { includeObject: 'Object' } }),
  });
  const output = new SeparatedOutput((text) => terminal.stdout.write(text));
  const writer = new TabWriter((text) => output.write(text), tableColumns);
  const withKind = flags.bool('show-kind') || severalKinds(infos);
  let printer: TablePrinter | undefined;
  let last: Resource | undefined;
  for (const info of infos) {
    if (!printer || last !== info.resource) {
      writer.flush();
      writer.forget();
      if (last && !flags.bool('no-headers') && output.written) output.separate();
      printer = tablePrinter(call, info.resource, withKind);
      last = info.resource;
    }
    const table = asTable(info.object!);
    printer.print(sorting === '' ? table : sorted(table, sorting), writer);
  }
  writer.flush();
  if (!output.everWritten && errors.length === 0 && !flags.bool('ignore-not-found')) reportNothing(call, infos);
  return errors;
}

function reportNothing({ flags, session, terminal }: Call, infos: readonly Info[]): void {
  const namespaced = !flags.bool('all-namespaces') && infos.every((info) => info.resource.namespaced);
  terminal.stderr.write(
    namespaced ? `No resources found in ${session.namespace().namespace} namespace.\n` : 'No resources found\n',
  );
}

export function tablePrinter({ flags }: Call, resource: Resource, withKind: boolean): TablePrinter {
  return new TablePrinter({
    wide: flags.string('output') === 'wide',
    noHeaders: flags.bool('no-headers'),
    withNamespace: flags.bool('all-namespaces') && resource.namespaced,
    ...(withKind ? { withKind: qualified({ name: resource.kind.toLowerCase(), group: resource.group }) } : {}),
    showLabels: flags.bool('show-labels'),
    labelColumns: flags.strings('label-columns'),
  });
}

const severalKinds = (infos: readonly Info[]): boolean => infos.some((info) => info.resource !== infos[0]!.resource);

function sorted(table: Table, expression: string): Table {
  return { ...table, rows: sortBy(table.rows ?? [], expression, (row) => row.object) };
}

/** Standard output with an empty line between groups, which is written only when another group really follows. */
class SeparatedOutput {
  /** Whether anything was written since the last separation. */
  written = false;
  everWritten = false;
  #separate = false;
  readonly #write: (text: string) => void;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  separate(): void {
    this.#separate = true;
  }

  write(text: string): void {
    if (this.#separate) this.#write('\n');
    this.#separate = false;
    this.written = true;
    this.everWritten = true;
    this.#write(text);
  }
}
