import type { Call, Command } from '../../cli/command.ts';
import { CommandFailure, throwAll } from '../../cli/failure.ts';
import { boolFlag, intFlag, stringFlag, stringSliceFlag } from '../../cli/flags.ts';
import { outputFlags } from '../../print/printer.ts';
import type { Selection } from '../../resources/selection.ts';
import { allNamespacesFlag, fieldSelectorFlag, filenameFlags, filenamesOf, selectorFlag } from '../shared-flags.ts';
import { printGeneric } from './generic.ts';
import { printTables } from './tables.ts';
import { watchSelected } from './watch.ts';

export const command: Command = {
  name: 'get',
  short: 'List objects, or show some by name',
  usage:
    'get [(-o|--output=)json|yaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file|custom-columns|custom-columns-file|wide] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags]',
  description: 'Shows objects: as a table with what matters most about them, or in the format that -o names.',
  examples:
    'kubectl get pods\nkubectl get pods -A -o wide\nkubectl get deployment web -o yaml\nkubectl get pods -l app=web -w',
  flags: [
    allNamespacesFlag,
    ...outputFlags,
    intFlag('chunk-size', 500, 'How many objects one answer of a large list may hold; 0 for all at once'),
    fieldSelectorFlag,
    ...filenameFlags,
    boolFlag('ignore-not-found', false, 'Exit with 0 when an object is not there'),
    stringSliceFlag('label-columns', [], 'Labels to show as columns', { short: 'L' }),
    boolFlag('no-headers', false, 'Print no header line'),
    boolFlag('output-watch-events', false, 'Show the type of each watch event'),
    stringFlag('raw', '', 'Path to ask the server for; the answer is printed as it comes'),
    selectorFlag,
    boolFlag('server-print', true, 'Let the server make the tables'),
    boolFlag('show-kind', false, 'Show the kind before each name'),
    boolFlag('show-labels', false, 'Show all labels as the last column'),
    stringFlag('sort-by', '', 'JSONPath expression to sort by'),
    stringFlag('subresource', '', 'Read this subresource: status or scale'),
    boolFlag('watch', false, 'After the list, show changes as they come', { short: 'w' }),
    boolFlag('watch-only', false, 'Show changes only, without the list first'),
  ],
  run: get,
};

async function get(call: Call): Promise<void> {
  const { args, flags, session, terminal } = call;
  const filenames = filenamesOf(flags);
  if (flags.string('raw') !== '') return raw(call);
  checkFlags(call);
  if (args.length === 0 && filenames.length === 0) {
    terminal.stderr.write(
      'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.\n\n',
    );
    throw new CommandFailure(
      'Required resource not specified.\nUse "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).\nSee \'kubectl get -h\' for help and examples',
    );
  }
  if (!flags.bool('server-print'))
    throw new CommandFailure('--server-print=false is not supported by this kubectl: tables come from the server');
  const selection: Selection = {
    args,
    filenames,
    recursive: flags.bool('recursive'),
    selector: flags.string('selector'),
    fieldSelector: flags.string('field-selector'),
    allNamespaces: flags.bool('all-namespaces'),
    chunkSize: flags.string('sort-by') === '' ? flags.int('chunk-size') : 0,
    typeAlone: true,
    fetch: true,
    subresource: flags.string('subresource'),
  };
  session.namespace();
  if (flags.bool('watch') || flags.bool('watch-only')) return watchSelected(call, selection);
  const output = flags.string('output');
  const human = (output === '' && flags.string('template') === '') || output === 'wide';
  const errors = human ? await printTables(call, selection) : await printGeneric(call, selection);
  throwAll(flags.bool('ignore-not-found') ? errors.filter((error) => !isNotFoundError(error)) : errors);
}

export const isNotFoundError = (error: unknown): boolean => (error as { reason?: string }).reason === 'NotFound';

async function raw({ flags, args, session, terminal }: Call): Promise<void> {
  if (flags.bool('watch') || flags.bool('watch-only') || flags.string('selector') !== '') {
    throw new CommandFailure(
      `--raw may not be specified with other flags that filter the server request or alter the output`,
    );
  }
  if (args.length > 0) throw new CommandFailure('arguments may not be passed when --raw is specified');
  if (flags.string('output') !== '') throw new CommandFailure('--raw and --output are mutually exclusive');
  const url = flags.string('raw');
  if (!url.startsWith('/'))
    throw new CommandFailure(`--raw must be a valid URL path: parse ${JSON.stringify(url)}: invalid URI for request`);
  for await (const chunk of await session.rest.stream(url)) terminal.stdout.write(chunk as Buffer);
}

function checkFlags({ flags }: Call): void {
  const output = flags.string('output');
  if (flags.bool('show-labels') && output !== '' && output !== 'wide') {
    throw new CommandFailure('--show-labels option cannot be used with ' + output + ' printer');
  }
  if (flags.bool('output-watch-events') && !(flags.bool('watch') || flags.bool('watch-only'))) {
    throw new CommandFailure('--output-watch-events option can only be used with --watch or --watch-only');
  }
  const subresource = flags.string('subresource');
  if (subresource !== '' && !['status', 'scale', 'resize'].includes(subresource)) {
    throw new CommandFailure(
      `invalid subresource value: ${JSON.stringify(subresource)}. Must be one of [status scale resize]`,
    );
  }
}
