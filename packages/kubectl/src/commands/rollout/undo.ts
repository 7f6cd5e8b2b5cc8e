import { clone, deepEqual } from '@coracle/api/meta/object';
import type { Deployment, ReplicaSet } from '@coracle/api/types/apps/v1';
import type { PodTemplateSpec } from '@coracle/api/types/core/v1';
import type { Call, Command } from '../../cli/command.ts';
import { CommandFailure } from '../../cli/failure.ts';
import { intFlag } from '../../cli/flags.ts';
import { Description } from '../../describe/description.ts';
import { describePodTemplate } from '../../describe/pod-template.ts';
import { lastApplied } from '../../manifests/last-applied.ts';
import { outputFlags } from '../../print/printer.ts';
import type { AnyObject } from '../../resources/resource.ts';
import type { Info } from '../../resources/selection.ts';
import { patchObject } from '../../resources/writes.ts';
import { outcome } from '../outcome.ts';
import { type DryRun, dryRunFlag, dryRunOf } from '../shared-flags.ts';
import { requireDeployment, revisionAnnotation, revisionsOf } from './revisions.ts';
import { allTargets, targetFlags } from './targets.ts';

/** Annotations that belong to the deployment or to one replica set, and are not carried from one to the other. */
const ownAnnotations = new Set([
  lastApplied,
  revisionAnnotation,
  'deployment.kubernetes.io/revision-history',
  'deployment.kubernetes.io/desired-replicas',
  'deployment.kubernetes.io/max-replicas',
  'deprecated.deployment.rollback.to',
]);

const hashLabel = 'pod-template-hash';

export const undo: Command = {
  name: 'undo',
  short: 'Go back to an earlier revision',
  usage: 'rollout undo (TYPE NAME | TYPE/NAME) [flags]',
  flags: [
    ...outputFlags,
    dryRunFlag,
    ...targetFlags,
    intFlag('to-revision', 0, 'The revision to go back to; 0 is the one before'),
  ],
  async run(call) {
    const dryRun = dryRunOf(call.flags);
    const told = await outcome(call, dryRun);
    for (const info of await allTargets(call)) {
      requireDeployment(info.object!, 'rollbacker');
      told.tell(info.resource, info.object!, await rollBack(call, info, dryRun));
    }
  },
};

/** Puts the template of an earlier revision back; returns the words for what was done. */
async function rollBack({ flags, session }: Call, info: Info, dryRun: DryRun): Promise<string> {
  const deployment = info.object as unknown as Deployment;
  const wanted = flags.int('to-revision');
  if (wanted < 0) throw new CommandFailure(`unable to find specified revision ${wanted} in history`);
  const set = revisionToUse(await revisionsOf(session, info.object as AnyObject), wanted, deployment.metadata.name!);
  const template = withoutHash(set.spec.template as PodTemplateSpec);
  if (dryRun === 'client') {
    const description = new Description();
    describePodTemplate(description, set.spec.template as PodTemplateSpec);
    return description.raw();
  }
  if (deployment.spec.paused) {
    throw new CommandFailure(
      "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
    );
  }
  if (deepEqual(template, withoutHash(deployment.spec.template))) {
    return `skipped rollback (current template already matches revision ${wanted})`;
  }
  const operations = [
    { op: 'replace', path: '/spec/template', value: template },
    { op: 'replace', path: '/metadata/annotations', value: annotationsAfter(deployment, set) },
  ];
  await patchObject(session, info, 'json', JSON.stringify(operations), { serverDryRun: dryRun === 'server' });
  return 'rolled back';
}

function revisionToUse(revisions: ReadonlyMap<number, ReplicaSet>, wanted: number, name: string): ReplicaSet {
  if (wanted > 0) {
    const set = revisions.get(wanted);
    if (!set) throw new CommandFailure(`unable to find specified revision ${wanted} in history`);
    return set;
  }
  const previous = [...revisions.keys()].sort((a, b) => b - a)[1];
  if (previous === undefined)
    throw new CommandFailure(`no rollout history found for deployment ${JSON.stringify(name)}`);
  return revisions.get(previous)!;
}

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const copy = clone(template);
  if (copy.metadata?.labels) delete copy.metadata.labels[hashLabel];
  return copy;
}

function annotationsAfter(deployment: Deployment, set: ReplicaSet): Record<string, string> {
  const pick = (annotations: Record<string, string> | undefined, own: boolean): [string, string][] =>
    Object.entries(annotations ?? {}).filter(([key]) => ownAnnotations.has(key) === own);
  return Object.fromEntries([...pick(deployment.metadata.annotations, true), ...pick(set.metadata.annotations, false)]);
}
