import { formatJson, sortKeys } from '@coracle/api/codec/go-json';
import type { Call } from '../../cli/command.ts';
import { CommandFailure, RawFailure } from '../../cli/failure.ts';
import { prepareTemplates, printerOf } from '../../print/printer.ts';
import type { TablePrinter } from '../../print/table.ts';
import { TabWriter, tableColumns } from '../../print/tabwriter.ts';
import { type AnyObject, pathOf, type Resource } from '../../resources/resource.ts';
import { type ListAnswer, resourcesOf, type Selection, typeNamePairs } from '../../resources/selection.ts';
import { watch } from '../../rest/watch.ts';
import { getFormats } from './generic.ts';
import { asTable } from './rows.ts';
import { tableAccept, tablePrinter } from './tables.ts';

/** `get --watch`: the list, then each change as it comes, until the server ends the watch or the user interrupts. */
export async function watchSelected(call: Call, selection: Selection): Promise<void> {
  const { flags, session, terminal } = call;
  const { resource, name } = await watched(call, selection);
  const namespace = flags.bool('all-namespaces') || !resource.namespaced ? '' : session.namespace().namespace;
  const show = await presenter(call, resource);
  const path = pathOf(resource, namespace);
  const query = {
    labelSelector: selection.selector,
    fieldSelector: [selection.fieldSelector, name === undefined ? '' : `metadata.name=${name}`]
      .filter(Boolean)
      .join(','),
  };
  const accept = show.accept;
  // A watch of one name begins with the object itself; a list is printed first and changes are watched from there.
  let resourceVersion = '0';
  if (name === undefined) {
    const list = await session.rest.json<ListAnswer>('GET', path, { accept, query });
    resourceVersion = list.metadata?.resourceVersion ?? '';
    if (!flags.bool('watch-only')) show.list(list);
  } else {
    const object = await session.rest.json<AnyObject>('GET', pathOf(resource, namespace, name), { accept });
    if (flags.bool('watch-only'))
      resourceVersion = (object.metadata as { resourceVersion?: string }).resourceVersion ?? '0';
  }
  const signal = terminal.interrupted();
  for await (const event of watch(session.rest, path, { accept, query: { ...query, resourceVersion }, signal })) {
    if (event.type !== 'BOOKMARK') show.event(event.type, event.object);
  }
  if (signal.aborted) throw new RawFailure('', 1);
}

async function watched({ session }: Call, selection: Selection): Promise<{ resource: Resource; name?: string }> {
  const args = selection.args ?? [];
  const tooMany = new CommandFailure(
    'watch is only supported on individual resources and resource collections - more than 1 resource was found',
  );
  if ((selection.filenames ?? []).length > 0)
    throw new CommandFailure('watch of the objects in files is not supported by this kubectl');
  const pairs = typeNamePairs(args);
  if (pairs) {
    if (pairs.length > 1) throw tooMany;
    return { resource: (await session.mapper()).forArgument(pairs[0]!.type), name: pairs[0]!.name };
  }
  const [types = '', ...names] = args;
  const resources = await resourcesOf(session, types);
  if (resources.length > 1) {
    throw new CommandFailure('you may only specify a single resource type');
  }
  if (names.length > 1) throw tooMany;
  return { resource: resources[0]!, ...(names.length === 1 ? { name: names[0] } : {}) };
}

interface Presenter {
  readonly accept: string;
  list(answer: ListAnswer): void;
  event(type: string, object: AnyObject): void;
}

async function presenter(call: Call, resource: Resource): Promise<Presenter> {
  const { flags, terminal } = call;
  const withType = flags.bool('output-watch-events');
  const output = flags.string('output');
  if (output === '' || output === 'wide') {
    const printer: TablePrinter = tablePrinter(call, resource, flags.bool('show-kind'));
    const writer = new TabWriter((text) => terminal.stdout.write(text), tableColumns);
    const show = (object: AnyObject, type: string): void => {
      printer.print(
        asTable(object),
        writer,
        withType ? [{ name: 'Event', value: type.padEnd('MODIFIED'.length) }] : [],
      );
      writer.flush();
    };
    return {
      accept: tableAccept,
      list: (answer) => show(answer as unknown as AnyObject, 'ADDED'),
      event: (type, object) => show(object, type),
    };
  }
  await prepareTemplates(flags);
  const printer = printerOf(flags, { formats: getFormats, noHeaders: flags.bool('no-headers') })!;
  const show = (type: string, object: AnyObject): void => {
    if (withType && output === 'json')
      terminal.stdout.write(`${formatJson({ type, object: sortKeys(object) }, { sort: false })}\n`);
    else
      terminal.stdout.write(
        printer.print(withType && output !== 'name' ? ({ type, object } as unknown as AnyObject) : object),
      );
  };
  return {
    accept: 'application/json',
    list: (answer) => {
      for (const item of answer.items ?? []) {
        show('ADDED', { ...item, apiVersion: answer.apiVersion, kind: answer.kind.replace(/List$/, '') });
      }
    },
    event: show,
  };
}
