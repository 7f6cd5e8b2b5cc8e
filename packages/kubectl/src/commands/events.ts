import type { Event } from '@coracle/api/types/core/v1';
import type { Call, Command } from '../cli/command.ts';
import { CommandFailure } from '../cli/failure.ts';
import { boolFlag, intFlag, stringFlag, stringSliceFlag } from '../cli/flags.ts';
import { intervalOf } from '../describe/events.ts';
import { outputFlags, prepareTemplates, printerOf } from '../print/printer.ts';
import { TabWriter, tableColumns } from '../print/tabwriter.ts';
import type { AnyObject } from '../resources/resource.ts';
import { watch } from '../rest/watch.ts';
import { allNamespacesFlag } from './shared-flags.ts';

export const command: Command = {
  name: 'events',
  short: 'List events',
  usage:
    'events [(-o|--output=)json|yaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file] [--for TYPE/NAME] [--watch] [--types=Normal,Warning]',
  flags: [
    allNamespacesFlag,
    ...outputFlags,
    intFlag('chunk-size', 500, 'How many events one answer may hold; 0 for all at once'),
    stringFlag('for', '', 'Only events about this object: TYPE/NAME'),
    boolFlag('no-headers', false, 'Print no header line'),
    stringSliceFlag('types', [], 'Only events of these types: Normal, Warning'),
    boolFlag('watch', false, 'After the list, show events as they come', { short: 'w' }),
  ],
  run: events,
};

async function events(call: Call): Promise<void> {
  const { args, flags, session, terminal } = call;
  if (args.length > 0) throw new CommandFailure(`unknown command ${JSON.stringify(args[0])} for "kubectl events"`);
  const types = flags.strings('types');
  for (const type of types) {
    if (!/^(normal|warning)$/i.test(type)) throw new CommandFailure('valid --types are Normal or Warning');
  }
  await prepareTemplates(flags);
  const printer = printerOf(flags);
  const namespace = flags.bool('all-namespaces') ? '' : session.namespace().namespace;
  const path = namespace === '' ? '/api/v1/events' : `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`;
  const fieldSelector = await selectorFor(call);
  const wanted = (event: Event): boolean =>
    types.length === 0 || types.some((type) => type.toLowerCase() === event.type?.toLowerCase());
  const list = await session.rest.json<{ items: Event[] | null; metadata: { resourceVersion?: string } }>('GET', path, {
    query: { fieldSelector },
  });
  const found = (list.items ?? []).filter(wanted).sort((a, b) => timeOf(a) - timeOf(b));
  if (found.length === 0 && !flags.bool('watch')) {
    terminal.stderr.write(namespace === '' ? 'No events found.\n' : `No events found in ${namespace} namespace.\n`);
    return;
  }
  if (printer) {
    const items = found.map((event) => ({ ...event, apiVersion: 'v1', kind: 'Event' }) as unknown as AnyObject);
    terminal.stdout.write(
      printer.print({
        apiVersion: 'v1',
        kind: 'EventList',
        metadata: { resourceVersion: list.metadata.resourceVersion ?? '' },
        items,
      }),
    );
    return;
  }
  const writer = new TabWriter((text) => terminal.stdout.write(text), tableColumns);
  const all = flags.bool('all-namespaces');
  if (!flags.bool('no-headers')) writer.write(`${all ? 'NAMESPACE\t' : ''}LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n`);
  for (const event of found) writer.write(row(event, all));
  writer.flush();
  if (!flags.bool('watch')) return;
  const query = { fieldSelector, resourceVersion: list.metadata.resourceVersion };
  for await (const event of watch(session.rest, path, { query, signal: terminal.interrupted() })) {
    const object = event.object as unknown as Event;
    if (event.type === 'DELETED' || event.type === 'BOOKMARK' || !wanted(object)) continue;
    writer.write(row(object, all));
    writer.flush();
  }
}

const timeOf = (event: Event): number =>
  Date.parse(
    event.series?.lastObservedTime ||
      event.lastTimestamp ||
      event.eventTime ||
      event.metadata.creationTimestamp ||
      '1970-01-01T00:00:00Z',
  );

function row(event: Event, withNamespace: boolean): string {
  const { kind = '', name = '' } = event.involvedObject;
  const cells = [
    intervalOf(event),
    event.type ?? '',
    event.reason ?? '',
    `${kind}/${name}`,
    (event.message ?? '').trim(),
  ];
  return `${[...(withNamespace ? [event.metadata.namespace ?? ''] : []), ...cells].join('\t')}\n`;
}

async function selectorFor({ flags, session }: Call): Promise<string | undefined> {
  const target = flags.string('for');
  if (target === '') return undefined;
  const parts = target.split('/');
  if (parts.length !== 2 || parts.includes('')) throw new CommandFailure('--for must be in resource/name form');
  const resource = (await session.mapper()).forArgument(parts[0]!);
  return `involvedObject.kind=${resource.kind},involvedObject.name=${parts[1]}`;
}
