import { messageOf } from '@coracle/api/meta/message-of';
import type { Node } from '@coracle/api/types/core/v1';
import type { Call, Command } from '../cli/command.ts';
import { CommandFailure, throwAll, UsageFailure } from '../cli/failure.ts';
import { qualified } from '../resources/resource.ts';
import { type Info, select } from '../resources/selection.ts';
import { patchObject } from '../resources/writes.ts';
import { dryRunFlag, dryRunOf, dryRunSuffix, selectorFlag } from './shared-flags.ts';

/** The command that sets or clears a node's `unschedulable`. */
export function cordonCommand(name: 'cordon' | 'uncordon', short: string, unschedulable: boolean): Command {
  return {
    name,
    short,
    usage: `${name} NODE`,
    flags: [dryRunFlag, selectorFlag],
    run: async (call) => setUnschedulable(call, await nodesOf(call, name), unschedulable),
  };
}

/** The nodes that the arguments name or the selector picks. */
export async function nodesOf({ args, flags, session, terminal, path }: Call, name: string): Promise<Info[]> {
  const selector = flags.string('selector');
  if (args.length === 0 && !flags.changed('selector')) throw new UsageFailure(path, `USAGE: ${name} NODE [flags]`);
  if (args.length > 0 && selector !== '')
    throw new UsageFailure(path, 'error: cannot specify both a node name and a --selector option');
  const named = args.map((arg) => (arg.includes('/') ? arg : `nodes/${arg}`));
  const { infos, errors } = await select(session, terminal, {
    args: selector === '' ? named : ['nodes'],
    selector,
    fetch: true,
    chunkSize: flags.has('chunk-size') ? flags.int('chunk-size') : 0,
  });
  if (new Set(infos.map(({ resource }) => resource)).size > 1)
    throw new CommandFailure('you may only specify a single resource type');
  throwAll(errors.slice(0, 1));
  const other = infos.find(({ resource }) => qualified(resource) !== 'nodes')?.resource;
  if (other) {
    const shown = JSON.stringify(`${other.group}/${other.version}, Resource=${other.name}`);
    throw new CommandFailure(`expected resource of type node, got ${shown}`);
  }
  return infos;
}

/** Cordons nodes, or takes that back, and tells of each; a node that cannot be changed does not stop the others. */
export async function setUnschedulable(call: Call, nodes: readonly Info[], unschedulable: boolean): Promise<void> {
  const { flags, session, terminal } = call;
  const dryRun = dryRunOf(flags);
  const verb = unschedulable ? 'cordon' : 'uncordon';
  for (const info of nodes) {
    const node = info.object as unknown as Node;
    const already = (node.spec?.unschedulable ?? false) === unschedulable;
    if (!already && dryRun !== 'client') {
      try {
        const body = { spec: { unschedulable: unschedulable || null } };
        await patchObject(session, info, 'strategic', body, { serverDryRun: dryRun === 'server' });
      } catch (error) {
        terminal.stderr.write(`error: unable to ${verb} node ${JSON.stringify(info.name)}: ${messageOf(error)}\n`);
        continue;
      }
    }
    terminal.stdout.write(`node/${info.name} ${already ? 'already ' : ''}${verb}ed${dryRunSuffix(dryRun)}\n`);
  }
}
