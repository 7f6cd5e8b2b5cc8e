import { findCondition } from '@coracle/api/meta/conditions';
import type { Deployment } from '@coracle/api/types/apps/v1';
import type { Call, Command } from '../../cli/command.ts';
import { CommandFailure } from '../../cli/failure.ts';
import { boolFlag, durationFlag, intFlag } from '../../cli/flags.ts';
import { type AnyObject, pathOf } from '../../resources/resource.ts';
import { fetchObject, type Info } from '../../resources/selection.ts';
import { watch } from '../../rest/watch.ts';
import { allTargets, targetFlags } from './targets.ts';

export const status: Command = {
  name: 'status',
  short: 'Show how a rollout goes, until it is done',
  usage: 'rollout status (TYPE NAME | TYPE/NAME) [flags]',
  flags: [
    ...targetFlags,
    intFlag('revision', 0, 'Fail when the rollout is of another revision'),
    durationFlag('timeout', 0, 'How long to wait; 0 waits for ever'),
    boolFlag('watch', true, 'Wait until the rollout is done', { short: 'w' }),
  ],
  async run(call) {
    if (call.flags.int('revision') < 0)
      throw new CommandFailure(`revision must be a positive integer: ${call.flags.int('revision')}`);
    const infos = await allTargets(call);
    if (infos.length === 0) {
      call.terminal.stderr.write(`No resources found in ${call.session.namespace().namespace} namespace.\n`);
      return;
    }
    for (const info of infos) await follow(call, info);
  },
};

/** Shows each state of a rollout until it is complete. Throws when it failed, was deleted or time is over. */
async function follow({ flags, session, terminal }: Call, info: Info): Promise<void> {
  const limit = flags.duration('timeout');
  const signal = limit > 0 ? AbortSignal.timeout(limit) : undefined;
  const timedOut = new CommandFailure('timed out waiting for the condition');
  let object = info.object!;
  for (;;) {
    const first = show(object);
    if (first || !flags.bool('watch')) return;
    const query = { fieldSelector: `metadata.name=${info.name}`, resourceVersion: object.metadata.resourceVersion };
    for await (const event of watch(session.rest, pathOf(info.resource, info.namespace), {
      query,
      ...(signal ? { signal } : {}),
    })) {
      if (event.type === 'DELETED') throw new CommandFailure('object has been deleted');
      if (event.type !== 'BOOKMARK' && show(event.object)) return;
    }
    if (signal?.aborted) throw timedOut;
    object = await fetchObject(session, info);
  }

  function show(state: AnyObject): boolean {
    const { text, done } = rolloutStatus(state, flags.int('revision'));
    terminal.stdout.write(text);
    return done;
  }
}

/** One line about a rollout, and whether it is done. Throws for kinds without rollouts and rollouts that failed. */
export function rolloutStatus(object: AnyObject, revision = 0): { text: string; done: boolean } {
  if (object.kind !== 'Deployment')
    throw new CommandFailure(`no status viewer has been implemented for ${kindText(object)}`);
  return deploymentStatus(object as unknown as Deployment, revision);
}

export const kindText = ({ apiVersion, kind }: AnyObject): string =>
  apiVersion.includes('/') ? `${kind}.${apiVersion.slice(0, apiVersion.indexOf('/'))}` : kind;

function deploymentStatus(
  { metadata, spec, status = {} }: Deployment,
  revision: number,
): { text: string; done: boolean } {
  const waiting = (what: string): { text: string; done: boolean } => ({
    text: `Waiting for deployment ${JSON.stringify(metadata.name)} rollout to finish: ${what}...\n`,
    done: false,
  });
  if (revision > 0) {
    const running = Number(metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0);
    if (running !== revision) {
      throw new CommandFailure(`desired revision (${revision}) is different from the running revision (${running})`);
    }
  }
  if ((metadata.generation ?? 0) > (status.observedGeneration ?? 0)) {
    return { text: 'Waiting for deployment spec update to be observed...\n', done: false };
  }
  if (findCondition(status.conditions, 'Progressing')?.reason === 'ProgressDeadlineExceeded') {
    throw new CommandFailure(`deployment ${JSON.stringify(metadata.name)} exceeded its progress deadline`);
  }
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  if (spec.replicas !== undefined && updatedReplicas < spec.replicas) {
    return waiting(`${updatedReplicas} out of ${spec.replicas} new replicas have been updated`);
  }
  if (replicas > updatedReplicas) return waiting(`${replicas - updatedReplicas} old replicas are pending termination`);
  if (availableReplicas < updatedReplicas)
    return waiting(`${availableReplicas} of ${updatedReplicas} updated replicas are available`);
  return { text: `deployment ${JSON.stringify(metadata.name)} successfully rolled out\n`, done: true };
}
