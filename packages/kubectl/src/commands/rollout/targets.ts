import type { Call } from '../../cli/command.ts';
import { CommandFailure, throwAll } from '../../cli/failure.ts';
import type { Flag } from '../../cli/flags.ts';
import { type Info, select } from '../../resources/selection.ts';
import { filenameFlags, filenamesOf, selectorFlag } from '../shared-flags.ts';

/** The flags that name what a rollout command works on. */
export const targetFlags: readonly Flag[] = [...filenameFlags, selectorFlag];

/** The objects a rollout command names, fetched. */
export async function targets({ args, flags, session, terminal }: Call): Promise<{ infos: Info[]; errors: unknown[] }> {
  const filenames = filenamesOf(flags);
  if (args.length === 0 && filenames.length === 0) throw new CommandFailure('required resource not specified');
  const { infos, errors } = await select(session, terminal, {
    args,
    filenames,
    recursive: flags.bool('recursive'),
    selector: flags.string('selector'),
    typeAlone: true,
    fetch: true,
  });
  return { infos, errors };
}

/** As `targets`, for commands that do nothing when one of them cannot be read. */
export async function allTargets(call: Call): Promise<Info[]> {
  const { infos, errors } = await targets(call);
  throwAll(errors);
  return infos;
}
