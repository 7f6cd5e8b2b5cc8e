import { CommandFailure } from '../cli/failure.ts';
import { boolFlag, type Flag, type Flags, stringFlag, stringsFlag } from '../cli/flags.ts';

/** -f, -k and -R. */
export const filenameFlags: readonly Flag[] = [
  stringsFlag('filename', [], 'File, folder, URL or - for stdin; may be repeated', { short: 'f' }),
  stringFlag('kustomize', '', 'Refused: kustomizations are not supported', { short: 'k' }),
  boolFlag('recursive', false, 'Go into the subfolders of -f', { short: 'R' }),
];

export const selectorFlag = stringFlag('selector', '', 'Label selector: a=b, a!=b, a in (b,c), a, !a', { short: 'l' });
export const fieldSelectorFlag = stringFlag(
  'field-selector',
  '',
  'Field selector: metadata.name=x, status.phase!=Running',
);
export const allNamespacesFlag = boolFlag('all-namespaces', false, 'In all namespaces', { short: 'A' });

export const dryRunFlag = stringFlag(
  'dry-run',
  'none',
  'none, client (only print what would be sent) or server (send it, but store nothing)',
  { implied: 'unchanged' },
);

export const fieldManagerFlag = (manager: string): Flag =>
  stringFlag('field-manager', manager, 'Name under which the changed fields are owned');

/** The files of -f. Throws where -k was given, which this kubectl does not do. */
export function filenamesOf(flags: Flags): readonly string[] {
  const filenames = flags.strings('filename').flatMap((each) => each.split(','));
  if (flags.string('kustomize') !== '') {
    if (filenames.length > 0) throw new CommandFailure('only one of -f or -k can be specified');
    throw new CommandFailure(
      '-k (--kustomize) is not supported by this kubectl: build the kustomization first and pass it with -f',
    );
  }
  return filenames;
}

/** As `filenamesOf`, for commands that cannot do without. */
export function requiredFilenames(flags: Flags): readonly string[] {
  const filenames = filenamesOf(flags);
  if (filenames.length === 0) throw new CommandFailure('must specify one of -f and -k');
  return filenames;
}

export type DryRun = 'none' | 'client' | 'server';

export function dryRunOf(flags: Flags): DryRun {
  const given = flags.string('dry-run');
  switch (given) {
    case 'none':
    case 'client':
    case 'server':
      return given;
    case 'unchanged':
      return 'client';
  }
  if (['true', 'false', '1', '0', 't', 'f', 'T', 'F', 'TRUE', 'FALSE', 'True', 'False'].includes(given)) {
    const off = /^(0|f|false)$/i.test(given);
    return off ? 'none' : 'client';
  }
  throw new CommandFailure(`Invalid dry-run value (${given}). Must be "none", "server", or "client".`);
}

/** What follows an operation's word in messages. */
export const dryRunSuffix = (dryRun: DryRun): string =>
  dryRun === 'none' ? '' : dryRun === 'client' ? ' (dry run)' : ' (server dry run)';

export type Cascade = 'Background' | 'Foreground' | 'Orphan';

export const cascadeFlag = stringFlag(
  'cascade',
  'background',
  'What becomes of objects that belong to the deleted one: background, foreground or orphan',
  { implied: 'background' },
);

export function cascadeOf(flags: Flags): Cascade {
  const given = flags.string('cascade');
  const known: Record<string, Cascade> = {
    background: 'Background',
    foreground: 'Foreground',
    orphan: 'Orphan',
    true: 'Background',
    false: 'Orphan',
  };
  const found = known[given];
  if (!found)
    throw new CommandFailure(`invalid cascade value (${given}). Must be "background", "foreground", or "orphan"`);
  return found;
}
