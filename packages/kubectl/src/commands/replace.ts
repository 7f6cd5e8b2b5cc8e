import type { Call, Command } from '../cli/command.ts';
import { CommandFailure, throwAll } from '../cli/failure.ts';
import { boolFlag, durationFlag, intFlag, stringFlag } from '../cli/flags.ts';
import { updateLastApplied } from '../manifests/last-applied.ts';
import { fieldValidation, validateFlag } from '../manifests/validation.ts';
import { outputFlags } from '../print/printer.ts';
import type { AnyObject } from '../resources/resource.ts';
import { fetchObject, type Info, select } from '../resources/selection.ts';
import { waitUntilGone } from '../resources/until-gone.ts';
import { createObject, inSource, updateObject, type WriteOptions } from '../resources/writes.ts';
import { deleteInfos } from './delete.ts';
import { type Outcome, outcome } from './outcome.ts';
import {
  cascadeFlag,
  cascadeOf,
  dryRunFlag,
  dryRunOf,
  fieldManagerFlag,
  filenameFlags,
  requiredFilenames,
} from './shared-flags.ts';

export const command: Command = {
  name: 'replace',
  short: 'Replace objects by the contents of files',
  usage: 'replace -f FILENAME',
  examples: 'kubectl replace -f web.yaml\nkubectl replace --force -f web.yaml',
  flags: [
    ...outputFlags,
    cascadeFlag,
    dryRunFlag,
    fieldManagerFlag('kubectl-replace'),
    ...filenameFlags,
    boolFlag('force', false, 'Delete the objects and create them again'),
    intFlag('grace-period', -1, 'With --force: seconds the containers have to end'),
    stringFlag('raw', '', 'Path to put the file to, as it is'),
    boolFlag('save-config', false, 'Keep the manifest in the annotation that apply uses'),
    stringFlag('subresource', '', 'Replace this subresource: status or scale'),
    durationFlag('timeout', 0, 'With --force: how long to wait for the deletion'),
    validateFlag,
    boolFlag('wait', false, 'With --force: wait until the objects are gone'),
  ],
  run: replace,
};

async function replace(call: Call): Promise<void> {
  const { flags, args, session, terminal } = call;
  if (args.length > 0)
    throw new CommandFailure(`Unexpected args: [${args.join(' ')}]\nSee 'kubectl replace -h' for help and examples`);
  const filenames = requiredFilenames(flags);
  if (flags.string('raw') !== '') throw new CommandFailure('--raw is not supported by this kubectl for replace');
  const force = flags.bool('force');
  if (flags.int('grace-period') >= 0 && !force) throw new CommandFailure('--grace-period must have --force specified');
  if (flags.duration('timeout') !== 0 && !force) throw new CommandFailure('--timeout must have --force specified');
  const dryRun = dryRunOf(flags);
  if (force && dryRun !== 'none') throw new CommandFailure(`--dry-run can not be used when --force is set`);
  const validation = fieldValidation(flags);
  const write = {
    fieldManager: flags.string('field-manager'),
    validation,
    serverDryRun: dryRun === 'server',
    subresource: flags.string('subresource'),
  };
  const told = await outcome(call, dryRun);
  const { entries, infos, errors } = await select(session, terminal, {
    filenames,
    recursive: flags.bool('recursive'),
    validation,
  });
  if (force) return forceReplace(call, infos, errors, write, told);
  const failed: unknown[] = [];
  for (const entry of entries) {
    if ('error' in entry) {
      failed.push(entry.error);
      continue;
    }
    const { info } = entry;
    try {
      const object = updateLastApplied(info.object!, flags.bool('save-config'));
      told.tell(info.resource, dryRun === 'client' ? object : await put(call, info, object, write), 'replaced');
    } catch (error) {
      failed.push(inSource(error, 'replacing', info.source));
    }
  }
  throwAll(failed);
  if (infos.length === 0) throw new CommandFailure('no objects passed to replace');
}

/** Writes over whatever is there, unless the manifest names the version it means to replace. */
async function put({ session }: Call, info: Info, object: AnyObject, write: WriteOptions): Promise<AnyObject> {
  if (object.metadata.resourceVersion) return updateObject(session, info, object, write);
  const live = await fetchObject(session, info);
  const metadata = { ...object.metadata, resourceVersion: live.metadata.resourceVersion };
  return updateObject(session, info, { ...object, metadata }, write);
}

async function forceReplace(
  call: Call,
  infos: readonly Info[],
  errors: readonly unknown[],
  write: WriteOptions,
  told: Outcome,
): Promise<void> {
  const { flags, session } = call;
  // A grace period of nothing becomes a second that is waited for, so that the new object does not meet the old one's containers.
  const given = flags.int('grace-period');
  const deletion = {
    gracePeriod: given === 0 ? 1 : given,
    wait: flags.bool('wait') || given === 0,
    timeoutMs: flags.duration('timeout'),
    cascade: cascadeOf(flags),
    dryRun: 'none',
    nameOnly: false,
  } as const;
  await deleteInfos(call, infos, errors, deletion, true);
  await waitUntilGone(
    session,
    infos.map((info) => ({ info, uid: '' })),
    flags.duration('timeout') || 5 * 60_000,
  );
  const failed: unknown[] = [];
  for (const info of infos) {
    try {
      const object = updateLastApplied(info.object!, flags.bool('save-config'));
      told.tell(info.resource, await createObject(session, info, object, write), 'replaced');
    } catch (error) {
      failed.push(error);
    }
  }
  throwAll(failed);
}
