import { sortKeys } from '@coracle/api/codec/go-json';
import type { Call, Command } from '../../cli/command.ts';
import { CommandFailure, throwAll } from '../../cli/failure.ts';
import { boolFlag, durationFlag, intFlag, stringFlag, stringsFlag } from '../../cli/flags.ts';
import { type FieldValidation, fieldValidation, validateFlag } from '../../manifests/validation.ts';
import { type ObjectList, outputFlags } from '../../print/printer.ts';
import type { AnyObject } from '../../resources/resource.ts';
import { type Info, select } from '../../resources/selection.ts';
import { type Outcome, outcome } from '../outcome.ts';
import {
  cascadeFlag,
  type DryRun,
  dryRunFlag,
  dryRunOf,
  fieldManagerFlag,
  filenameFlags,
  requiredFilenames,
  selectorFlag,
} from '../shared-flags.ts';
import { applyClientSide } from './client-side.ts';
import { setLastApplied, viewLastApplied } from './last-applied.ts';
import { applyServerSide } from './server-side.ts';

export const command: Command = {
  name: 'apply',
  short: 'Bring objects to the state their manifests declare',
  usage: 'apply (-f FILENAME | -k DIRECTORY)',
  description:
    'Creates the objects of the manifests, or changes those that are there: fields that a manifest no longer has are removed,\nfields that it never had are left alone.',
  examples:
    'kubectl apply -f web.yaml\nkubectl apply -R -f manifests/\ncat web.yaml | kubectl apply -f -\nkubectl apply --server-side -f web.yaml',
  flags: [
    boolFlag('all', false, 'Only for --prune, which is refused'),
    ...outputFlags,
    cascadeFlag,
    dryRunFlag,
    fieldManagerFlag('kubectl-client-side-apply'),
    ...filenameFlags,
    boolFlag('force', false, 'Delete and create again what cannot be changed'),
    boolFlag('force-conflicts', false, 'With --server-side: take over fields that others own'),
    intFlag('grace-period', -1, 'With --force: seconds the containers have to end'),
    boolFlag('openapi-patch', true, 'Accepted; patches are made from the types of the API'),
    boolFlag('overwrite', true, 'Override values that others changed'),
    boolFlag('prune', false, 'Refused: pruning is not supported'),
    stringsFlag('prune-allowlist', [], 'Only for --prune, which is refused'),
    selectorFlag,
    boolFlag('server-side', false, 'Let the server merge (server-side apply)'),
    stringFlag('subresource', '', 'With --server-side: apply to this subresource'),
    durationFlag('timeout', 0, 'With --force: how long to wait for the deletion'),
    validateFlag,
    boolFlag('wait', false, 'With --force: wait until deleted objects are gone'),
  ],
  subcommands: [setLastApplied, viewLastApplied],
  run: apply,
};

/** What the two ways to apply share. */
export interface ApplyContext {
  readonly call: Call;
  readonly dryRun: DryRun;
  readonly fieldManager: string;
  readonly validation: FieldValidation;
  /** Tells of one object; with -o yaml and the like objects are printed at the end instead. */
  tell(info: Info, object: AnyObject, operation: string): void;
  /** Whether -o prints objects: then an unchanged one is printed like the others. */
  readonly printsObjects: boolean;
}

async function apply(call: Call): Promise<void> {
  const { flags, args, session, terminal } = call;
  if (args.length > 0)
    throw new CommandFailure(`Unexpected args: [${args.join(' ')}]\nSee 'kubectl apply -h' for help and examples`);
  const dryRun = dryRunOf(flags);
  const validation = fieldValidation(flags);
  const filenames = requiredFilenames(flags);
  checkFlags(call, dryRun);
  const serverSide = flags.bool('server-side');
  const told = await outcome(call, dryRun, { keepOrder: true });
  const output = flags.string('output');
  const printsObjects = told.printer !== undefined && output !== 'name';
  const printed: AnyObject[] = [];
  const context: ApplyContext = {
    call,
    dryRun,
    validation,
    fieldManager: serverSide && !flags.changed('field-manager') ? 'kubectl' : flags.string('field-manager'),
    printsObjects,
    tell: (info, object, operation) => {
      if (printsObjects) printed.push(object);
      else told.tell(info.resource, object, operation);
    },
  };
  const { infos, errors } = await select(session, terminal, {
    filenames,
    recursive: flags.bool('recursive'),
    selector: flags.string('selector'),
    validation,
  });
  if (infos.length === 0 && errors.length === 0) throw new CommandFailure('no objects passed to apply');
  const failed = [...errors];
  for (const info of infos) {
    try {
      refuseGeneratedName(info);
      await (serverSide ? applyServerSide(info, context) : applyClientSide(info, context));
    } catch (error) {
      failed.push(error);
    }
  }
  printObjects(call, told, printed);
  throwAll(failed);
}

function checkFlags({ flags }: Call, dryRun: DryRun): void {
  if (flags.bool('prune'))
    throw new CommandFailure(
      '--prune is not supported by this kubectl: delete what is no longer declared by name or label',
    );
  if (flags.bool('all') || flags.changed('prune-allowlist')) {
    throw new CommandFailure(
      `${flags.bool('all') ? '--all' : '--prune-allowlist'} is not supported by this kubectl: it belongs to --prune`,
    );
  }
  if (flags.bool('force-conflicts') && !flags.bool('server-side'))
    throw new CommandFailure('--force-conflicts only works with --server-side');
  if (dryRun === 'client' && flags.bool('server-side')) {
    throw new CommandFailure(
      "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)",
    );
  }
  if (flags.bool('force') && flags.bool('server-side'))
    throw new CommandFailure('--force cannot be used with --server-side');
  if (dryRun === 'server' && flags.bool('force'))
    throw new CommandFailure('--dry-run=server cannot be used with --force');
  if (flags.string('subresource') !== '' && !flags.bool('server-side')) {
    throw new CommandFailure('--subresource can only be specified for --server-side');
  }
}

function refuseGeneratedName(info: Info): void {
  const generated = info.object!.metadata.generateName;
  if (info.name === '' && generated) throw new CommandFailure(`from ${generated}: cannot use generate name with apply`);
}

function printObjects({ terminal }: Call, told: Outcome, objects: readonly AnyObject[]): void {
  if (objects.length === 0) return;
  // Upstream's List is a typed object, which keeps its fields' order; the items in it are sorted.
  const items = objects.map(sortKeys);
  const list: ObjectList = { kind: 'List', apiVersion: 'v1', metadata: {}, items };
  terminal.stdout.write(told.printer!.print(items.length === 1 ? items[0]! : list));
}
