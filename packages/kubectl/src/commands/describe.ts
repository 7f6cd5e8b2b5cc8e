import type { Call, Command } from '../cli/command.ts';
import { CommandFailure, throwAll } from '../cli/failure.ts';
import { boolFlag, intFlag } from '../cli/flags.ts';
import { describe } from '../describe/describers.ts';
import { type Info, resourcesOf, type Selection, select } from '../resources/selection.ts';
import { isNotFoundError } from './get/get.ts';
import { allNamespacesFlag, filenameFlags, filenamesOf, selectorFlag } from './shared-flags.ts';

export const command: Command = {
  name: 'describe',
  short: 'Tell all about an object, with its events',
  usage: 'describe (-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME)',
  examples: 'kubectl describe pod web-1\nkubectl describe pods -l app=web\nkubectl describe node',
  flags: [
    allNamespacesFlag,
    intFlag('chunk-size', 500, 'How many objects one answer of a large list may hold; 0 for all at once'),
    ...filenameFlags,
    selectorFlag,
    boolFlag('show-events', true, 'Show the events about the object'),
  ],
  run: describeCommand,
};

async function describeCommand(call: Call): Promise<void> {
  const { args, flags, session, terminal } = call;
  const filenames = filenamesOf(flags);
  if (args.length === 0 && filenames.length === 0) {
    throw new CommandFailure(
      'You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of supported resources.',
    );
  }
  const selection: Selection = {
    args,
    filenames,
    recursive: flags.bool('recursive'),
    selector: flags.string('selector'),
    allNamespaces: flags.bool('all-namespaces'),
    chunkSize: flags.int('chunk-size'),
    typeAlone: true,
    fetch: true,
  };
  const { infos, errors } = await select(session, terminal, selection);
  if (infos.length === 0 && errors.length === 1 && args.length === 2 && isNotFoundError(errors[0])) {
    const found = await withPrefix(call, args[0]!, args[1]!);
    if (found.length === 0) throw errors[0];
    for (const info of found) terminal.stdout.write(`${await describe(info.object!, session, eventOptions(call))}\n`);
    return;
  }
  await show(call, infos, [...errors]);
}

const eventOptions = ({ flags }: Call): { events: boolean; chunkSize: number } => ({
  events: flags.bool('show-events'),
  chunkSize: flags.int('chunk-size'),
});

async function show(call: Call, infos: readonly Info[], failed: unknown[]): Promise<void> {
  const { flags, session, terminal } = call;
  let first = true;
  for (const info of infos) {
    try {
      const text = await describe(info.object!, session, eventOptions(call));
      terminal.stdout.write(first ? text : `\n\n${text}`);
      first = false;
    } catch (error) {
      failed.push(error);
    }
  }
  if (infos.length === 0 && failed.length === 0) {
    const where = flags.bool('all-namespaces') ? '' : ` in ${session.namespace().namespace} namespace.`;
    terminal.stderr.write(`No resources found${where}\n`);
  }
  throwAll(failed);
}

/** A name that is not there is tried as the beginning of names. */
async function withPrefix({ session, terminal, flags }: Call, types: string, prefix: string): Promise<Info[]> {
  const resources = await resourcesOf(session, types);
  if (resources.length !== 1) return [];
  const { infos, errors } = await select(session, terminal, {
    args: [types],
    typeAlone: true,
    chunkSize: flags.int('chunk-size'),
  });
  throwAll(errors);
  return infos.filter((info) => info.name.startsWith(prefix));
}
