import type { Call, Command } from '../../cli/command.ts';
import { CommandFailure, throwAll } from '../../cli/failure.ts';
import { boolFlag, stringFlag } from '../../cli/flags.ts';
import { updateLastApplied } from '../../manifests/last-applied.ts';
import { fieldValidation, validateFlag } from '../../manifests/validation.ts';
import { outputFlags } from '../../print/printer.ts';
import { select } from '../../resources/selection.ts';
import { createObject, inSource } from '../../resources/writes.ts';
import { outcome } from '../outcome.ts';
import {
  dryRunFlag,
  dryRunOf,
  fieldManagerFlag,
  filenameFlags,
  requiredFilenames,
  selectorFlag,
} from '../shared-flags.ts';
import { clusterRoleBinding, roleBinding } from './bindings.ts';
import { configMap, secret } from './data.ts';
import { podDisruptionBudget } from './disruption-budget.ts';
import { ingress } from './ingress.ts';
import { quota } from './quota.ts';
import { clusterRole, role } from './roles.ts';
import { service } from './service.ts';
import { deployment, namespace, serviceAccount } from './simple.ts';
import { token } from './token.ts';

const saveConfigFlag = boolFlag('save-config', false, 'Keep the manifest in the annotation that apply uses');

export const command: Command = {
  name: 'create',
  short: 'Create objects from files, or one object from flags',
  usage: 'create -f FILENAME',
  examples:
    'kubectl create -f web.yaml\nkubectl create namespace shop\nkubectl create configmap settings --from-literal=colour=blue',
  flags: [
    ...outputFlags,
    dryRunFlag,
    boolFlag('edit', false, 'Refused: editing before the creation is not supported'),
    fieldManagerFlag('kubectl-create'),
    ...filenameFlags,
    stringFlag('raw', '', 'Path to post the file to, as it is'),
    saveConfigFlag,
    selectorFlag,
    validateFlag,
    boolFlag('windows-line-endings', false, 'Only for --edit, which is refused'),
  ],
  subcommands: [
    clusterRole,
    clusterRoleBinding,
    configMap,
    deployment,
    ingress,
    namespace,
    podDisruptionBudget,
    quota,
    role,
    roleBinding,
    secret,
    service,
    serviceAccount,
    token,
  ],
  run: create,
};

async function create(call: Call): Promise<void> {
  const { flags, args, session, terminal } = call;
  if (args.length > 0) {
    throw new CommandFailure(`Unexpected args: [${args.join(' ')}]\nSee 'kubectl create -h' for help and examples`);
  }
  const filenames = requiredFilenames(flags);
  if (flags.bool('edit')) throw new CommandFailure('--edit is not supported by this kubectl');
  if (flags.string('raw') !== '') return createRaw(call, filenames);
  const dryRun = dryRunOf(flags);
  const validation = fieldValidation(flags);
  const told = await outcome(call, dryRun);
  const { entries } = await select(session, terminal, {
    filenames,
    recursive: flags.bool('recursive'),
    selector: flags.string('selector'),
    validation,
  });
  const failed: unknown[] = [];
  for (const entry of entries) {
    if ('error' in entry) {
      failed.push(entry.error);
      continue;
    }
    const { info } = entry;
    try {
      const object = updateLastApplied(info.object!, flags.bool('save-config'));
      const created =
        dryRun === 'client'
          ? object
          : await createObject(session, info, object, {
              serverDryRun: dryRun === 'server',
              fieldManager: flags.string('field-manager'),
              validation,
            });
      told.tell(info.resource, created, 'created');
    } catch (error) {
      failed.push(inSource(error, 'creating', info.source));
    }
  }
  throwAll(failed);
  if (entries.length === 0) throw new CommandFailure('no objects passed to create');
}

async function createRaw({ flags, session, terminal }: Call, filenames: readonly string[]): Promise<void> {
  const { expandSources } = await import('../../manifests/sources.ts');
  const sources = expandSources(filenames, false, terminal);
  if (sources.length !== 1) throw new CommandFailure('--raw can only use a single local file or stdin');
  const answer = await session.rest.request('POST', flags.string('raw'), {
    body: await sources[0]!.read(),
    contentType: 'application/json',
  });
  terminal.stdout.write(answer.body);
}
