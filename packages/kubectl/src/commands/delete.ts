import type { Status } from '@coracle/api/types/meta/v1';
import type { Call, Command } from '../cli/command.ts';
import { CommandFailure, throwAll } from '../cli/failure.ts';
import { boolFlag, durationFlag, type Flags, intFlag, stringFlag } from '../cli/flags.ts';
import { qualified } from '../resources/resource.ts';
import { EmptySelection, type Info, select } from '../resources/selection.ts';
import { waitUntilGone } from '../resources/until-gone.ts';
import { deleteObject, inSource } from '../resources/writes.ts';
import { isNotFoundError } from './get/get.ts';
import {
  allNamespacesFlag,
  type Cascade,
  cascadeFlag,
  cascadeOf,
  type DryRun,
  dryRunFlag,
  dryRunOf,
  dryRunSuffix,
  fieldSelectorFlag,
  filenameFlags,
  filenamesOf,
  selectorFlag,
} from './shared-flags.ts';

export const command: Command = {
  name: 'delete',
  short: 'Delete objects by file, name or selector',
  usage: 'delete ([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)])',
  description: 'Deletes objects and, unless told otherwise, waits until they are gone.',
  examples: 'kubectl delete -f web.yaml\nkubectl delete pod web-1 --now\nkubectl delete pods,services -l app=web',
  flags: [
    boolFlag('all', false, 'Delete all objects of the types named'),
    allNamespacesFlag,
    cascadeFlag,
    dryRunFlag,
    fieldSelectorFlag,
    ...filenameFlags,
    boolFlag('force', false, 'Delete at once, without waiting for the containers to end'),
    intFlag('grace-period', -1, 'Seconds the containers have to end; -1 leaves it to the object'),
    boolFlag('ignore-not-found', false, 'Treat objects that are not there as deleted'),
    boolFlag('interactive', false, 'Ask before anything is deleted', { short: 'i' }),
    boolFlag('now', false, 'Same as --grace-period=1'),
    stringFlag('output', '', 'Only "name": print TYPE/NAME', { short: 'o' }),
    stringFlag('raw', '', 'Path to send the DELETE to'),
    selectorFlag,
    durationFlag('timeout', 0, 'How long to wait until everything is gone; 0 leaves it to the objects'),
    boolFlag('wait', true, 'Wait until the objects are gone'),
  ],
  run: deleteCommand,
};

/** How to delete, after the flags' effects on each other. */
export interface Deletion {
  readonly gracePeriod: number;
  readonly wait: boolean;
  readonly timeoutMs: number;
  readonly cascade: Cascade;
  readonly dryRun: DryRun;
  readonly nameOnly: boolean;
  /** Nothing is told. */
  readonly quiet?: boolean;
}

async function deleteCommand(call: Call): Promise<void> {
  const { flags, args, session, terminal } = call;
  const filenames = filenamesOf(flags);
  if (flags.string('raw') !== '') return deleteRaw(call);
  const selector = flags.string('selector');
  const fieldSelector = flags.string('field-selector');
  const all = flags.bool('all');
  if (args.length === 0 && filenames.length === 0) throw new EmptySelection();
  if (all && selector !== '') throw new CommandFailure("setting 'all' parameter but found a non empty selector. ");
  if (all && fieldSelector !== '') throw new CommandFailure("setting 'all' parameter but found a non empty selector. ");
  const deletion = deletionOf(flags, terminal.stderr);
  const selecting = all || selector !== '' || fieldSelector !== '';
  const ignoreNotFound = flags.bool('ignore-not-found') || (selecting && !flags.changed('ignore-not-found'));
  const { infos, errors } = await select(session, terminal, {
    args,
    filenames,
    recursive: flags.bool('recursive'),
    selector,
    fieldSelector,
    all,
    allNamespaces: flags.bool('all-namespaces'),
  });
  if (flags.bool('interactive') && infos.length > 0 && !(await confirmed(call, infos))) {
    terminal.stdout.write('deletion is cancelled\n');
    return;
  }
  await deleteInfos(call, infos, errors, deletion, ignoreNotFound);
}

export function deletionOf(flags: Flags, stderr: { write(text: string): unknown }): Deletion {
  let gracePeriod = flags.int('grace-period');
  let wait = flags.bool('wait');
  const force = flags.bool('force');
  if (flags.has('now') && flags.bool('now')) {
    if (gracePeriod !== -1) throw new CommandFailure('--now and --grace-period cannot be specified together');
    gracePeriod = 1;
  }
  if (gracePeriod === 0 && !force) {
    // An object that is not forced is waited for, so that the containers are really gone.
    wait = true;
    gracePeriod = 1;
  }
  if (force && gracePeriod < 0) gracePeriod = 0;
  if (force && gracePeriod > 0)
    throw new CommandFailure('--force and --grace-period greater than 0 cannot be specified together');
  if (flags.has('output') && flags.string('output') !== '' && flags.string('output') !== 'name') {
    throw new CommandFailure(`unexpected -o output mode: ${flags.string('output')}. We only support '-o name'`);
  }
  if (force && gracePeriod === 0) {
    stderr.write(
      'Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n',
    );
  }
  return {
    gracePeriod,
    wait,
    timeoutMs: flags.duration('timeout'),
    cascade: cascadeOf(flags),
    dryRun: dryRunOf(flags),
    nameOnly: flags.has('output') && flags.string('output') === 'name',
  };
}

/** Deletes what was selected, tells of each, and waits until all are gone. */
export async function deleteInfos(
  call: Call,
  infos: readonly Info[],
  errors: readonly unknown[],
  deletion: Deletion,
  ignoreNotFound: boolean,
): Promise<void> {
  const { session, terminal, flags } = call;
  const failed = errors.filter((error) => !(ignoreNotFound && isNotFoundError(error)));
  const gone: { info: Info; uid: string }[] = [];
  let found = 0;
  let warned = !session.namespace().explicit || (flags.has('all-namespaces') && flags.bool('all-namespaces'));
  for (const info of infos) {
    if (!warned && !info.resource.namespaced) {
      terminal.stderr.write('Warning: deleting cluster-scoped resources, not scoped to the provided namespace\n');
      warned = true;
    }
    try {
      found++;
      if (deletion.dryRun !== 'client') {
        const answer = (await deleteObject(session, info, {
          ...(deletion.gracePeriod >= 0 ? { gracePeriodSeconds: deletion.gracePeriod } : {}),
          propagationPolicy: deletion.cascade,
          serverDryRun: deletion.dryRun === 'server',
        })) as Status & { metadata?: { uid?: string } };
        gone.push({ info, uid: answer.kind === 'Status' ? (answer.details?.uid ?? '') : (answer.metadata?.uid ?? '') });
      }
      if (!deletion.quiet) terminal.stdout.write(told(info, deletion));
    } catch (error) {
      if (ignoreNotFound && isNotFoundError(error)) continue;
      failed.push(inSource(error, 'deleting', info.source));
    }
  }
  throwAll(failed);
  if (found === 0) {
    terminal.stdout.write('No resources found\n');
    return;
  }
  if (deletion.wait && deletion.dryRun === 'none')
    await waitUntilGone(session, gone, deletion.timeoutMs || 168 * 3_600_000);
}

function told(info: Info, { dryRun, gracePeriod, nameOnly }: Deletion): string {
  const kind = qualified({ name: info.resource.kind.toLowerCase(), group: info.resource.group });
  if (nameOnly) return `${kind}/${info.name}\n`;
  return `${kind} ${JSON.stringify(info.name)} ${gracePeriod === 0 ? 'force deleted' : 'deleted'}${dryRunSuffix(dryRun)}\n`;
}

async function confirmed({ terminal }: Call, infos: readonly Info[]): Promise<boolean> {
  terminal.stdout.write(`You are about to delete the following ${infos.length} resource(s):\n`);
  for (const info of infos) {
    terminal.stdout.write(
      `${qualified({ name: info.resource.kind.toLowerCase(), group: info.resource.group })}/${info.name}\n`,
    );
  }
  terminal.stdout.write('Do you want to continue? (y/n): ');
  for await (const chunk of terminal.stdin) return /^y/i.test(String(chunk).trim());
  return false;
}

async function deleteRaw({ flags, args, session, terminal }: Call): Promise<void> {
  if (args.length > 0) throw new CommandFailure('arguments may not be passed when --raw is specified');
  const answer = await session.rest.request('DELETE', flags.string('raw'));
  terminal.stdout.write(answer.body);
}
