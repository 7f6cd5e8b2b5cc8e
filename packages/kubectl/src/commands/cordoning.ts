import type { Node } from '@coracle/api/types/core/v1';
import type { Call, Command } from '../cli/command.ts';
import { CommandFailure, throwAll, UsageFailure } from '../cli/failure.ts';
import { select } from '../resources/selection.ts';
import { patchObject } from '../resources/writes.ts';
import { dryRunFlag, dryRunOf, dryRunSuffix, selectorFlag } from './shared-flags.ts';

/** The command that sets or clears a node's `unschedulable`. */
export function cordonCommand(name: 'cordon' | 'uncordon', short: string, unschedulable: boolean): Command {
  return {
    name,
    short,
    usage: `${name} NODE`,
    flags: [dryRunFlag, selectorFlag],
    run: (call) => run(call, name, unschedulable),
  };
}

async function run(call: Call, name: string, unschedulable: boolean): Promise<void> {
  const { args, flags, session, terminal, path } = call;
  const selector = flags.string('selector');
  if (args.length === 0 && selector === '') throw new UsageFailure(path, `USAGE: ${name} NODE [flags]`);
  if (args.length > 0 && selector !== '')
    throw new CommandFailure('error: cannot specify both a node name and a --selector option');
  const dryRun = dryRunOf(flags);
  const { infos, errors } = await select(session, terminal, { args: ['nodes', ...args], selector, fetch: true });
  throwAll(errors);
  for (const info of infos) {
    const node = info.object as unknown as Node;
    if ((node.spec?.unschedulable ?? false) === unschedulable) {
      terminal.stdout.write(`node/${info.name} already ${name}ed${dryRunSuffix(dryRun)}\n`);
      continue;
    }
    if (dryRun !== 'client') {
      await patchObject(
        session,
        info,
        'strategic',
        { spec: { unschedulable: unschedulable || null } },
        { serverDryRun: dryRun === 'server' },
      );
    }
    terminal.stdout.write(`node/${info.name} ${name}ed${dryRunSuffix(dryRun)}\n`);
  }
}
