import type { Call } from '../../cli/command.ts';
import { type ObjectList, prepareTemplates, printerOf } from '../../print/printer.ts';
import { sortBy } from '../../print/sort.ts';
import { type Selection, select } from '../../resources/selection.ts';
import { isNotFoundError } from './get.ts';

/** -o formats that `get` has beyond the common ones. */
export const getFormats: readonly string[] = ['custom-columns', 'custom-columns-file', 'wide'];

/** Prints what is selected in the format of -o: one object asked for by name by itself, everything else as a List. */
export async function printGeneric(call: Call, selection: Selection): Promise<unknown[]> {
  const { flags, session, terminal } = call;
  await prepareTemplates(flags);
  const printer = printerOf(flags, { formats: getFormats, noHeaders: flags.bool('no-headers') })!;
  const { infos, errors, single } = await select(session, terminal, selection);
  if (single && errors.length > 0) return errors;
  if (infos.length === 0 && flags.bool('ignore-not-found')) return errors.filter((error) => !isNotFoundError(error));
  if (single && infos.length === 1) {
    terminal.stdout.write(printer.print(infos[0]!.object!));
    return errors;
  }
  const objects = infos.map((info) => info.object!);
  const sorting = flags.string('sort-by');
  const list: ObjectList = {
    apiVersion: 'v1',
    kind: 'List',
    metadata: { resourceVersion: '' },
    items: sorting === '' ? objects : sortBy(objects, sorting, (object) => object),
  };
  terminal.stdout.write(printer.print(list));
  return errors;
}
