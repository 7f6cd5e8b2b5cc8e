import { messageOf } from '@coracle/api/meta/message-of';
import type { Deployment } from '@coracle/api/types/apps/v1';
import type { Call, Command } from '../../cli/command.ts';
import { CommandFailure, throwAll } from '../../cli/failure.ts';
import { outputFlags } from '../../print/printer.ts';
import { type AnyObject, qualified } from '../../resources/resource.ts';
import { patchObject } from '../../resources/writes.ts';
import { outcome } from '../outcome.ts';
import { patchOf } from '../pod-template.ts';
import { fieldManagerFlag } from '../shared-flags.ts';
import { kindText } from './status.ts';
import { targetFlags, targets } from './targets.ts';

interface Change {
  readonly name: string;
  readonly short: string;
  /** The word for what was done. */
  readonly done: string;
  /** The kinds it is for; the verb for others' error. */
  readonly supports: (object: AnyObject) => boolean;
  readonly unsupported: string;
  /** Changes the object in place; throws where it cannot. */
  apply(object: AnyObject): void;
}

const isDeployment = (object: AnyObject): boolean =>
  object.kind === 'Deployment' && object.apiVersion.startsWith('apps/');

export const pause = change({
  name: 'pause',
  short: 'Stop a rollout from going on',
  done: 'paused',
  supports: isDeployment,
  unsupported: 'pausing is not supported',
  apply: (object) => {
    const { spec } = object as unknown as Deployment;
    if (spec.paused) throw new CommandFailure('is already paused');
    spec.paused = true;
  },
});

export const resume = change({
  name: 'resume',
  short: 'Let a paused rollout go on',
  done: 'resumed',
  supports: isDeployment,
  unsupported: 'resuming is not supported',
  apply: (object) => {
    const { spec } = object as unknown as Deployment;
    if (!spec.paused) throw new CommandFailure('is not paused');
    spec.paused = false;
  },
});

export const restart = change({
  name: 'restart',
  short: 'Replace all pods by new ones',
  done: 'restarted',
  supports: (object) =>
    object.apiVersion.startsWith('apps/') && ['Deployment', 'DaemonSet', 'StatefulSet'].includes(object.kind),
  unsupported: 'restarting is not supported',
  apply: (object) => {
    const { spec } = object as unknown as Deployment;
    if (spec.paused) throw new CommandFailure("can't restart paused deployment (run rollout resume first)");
    spec.template.metadata ??= {};
    spec.template.metadata.annotations ??= {};
    spec.template.metadata.annotations['kubectl.kubernetes.io/restartedAt'] = localTime(new Date());
  },
});

function change(how: Change): Command {
  return {
    name: how.name,
    short: how.short,
    usage: `rollout ${how.name} RESOURCE`,
    flags: [...outputFlags, fieldManagerFlag('kubectl-rollout'), ...targetFlags],
    run: (call) => run(call, how),
  };
}

async function run(call: Call, how: Change): Promise<void> {
  const { flags, session, terminal } = call;
  const told = await outcome(call);
  const { infos, errors } = await targets(call);
  const failed = [...errors];
  if (infos.length === 0 && errors.length === 0) {
    terminal.stderr.write(`No resources found in ${session.namespace().namespace} namespace.\n`);
    return;
  }
  for (const info of infos) {
    const name = `${qualified(info.resource)} ${JSON.stringify(info.name)}`;
    try {
      const object = info.object!;
      if (!how.supports(object)) throw new CommandFailure(`error: ${name} ${how.unsupported}`);
      let reason: string | undefined;
      const patch = patchOf(info, (changed) => {
        try {
          how.apply(changed);
        } catch (error) {
          reason = messageOf(error);
        }
      });
      if (reason !== undefined) throw new CommandFailure(`error: ${name} ${reason}`);
      if (!patch) throw new CommandFailure(`failed to create patch for ${info.name}: ${kindText(object)} is unchanged`);
      const patched = await patchObject(session, info, patch.type, patch.body, {
        fieldManager: flags.string('field-manager'),
      });
      told.tell(info.resource, patched, how.done);
    } catch (error) {
      failed.push(error instanceof CommandFailure ? error : new CommandFailure(`failed to patch: ${messageOf(error)}`));
    }
  }
  throwAll(failed);
}

/** RFC 3339 with the offset of the machine's time zone. */
export function localTime(date: Date): string {
  const offset = -date.getTimezoneOffset();
  const two = (value: number): string => String(Math.trunc(Math.abs(value))).padStart(2, '0');
  const zone = offset === 0 ? 'Z' : `${offset < 0 ? '-' : '+'}${two(offset / 60)}:${two(offset % 60)}`;
  return `${new Date(date.getTime() + offset * 60_000).toISOString().slice(0, 19)}${zone}`;
}
