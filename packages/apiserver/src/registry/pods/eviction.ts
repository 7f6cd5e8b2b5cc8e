import { pod as podKind } from '@coracle/api/core/v1/pod';
import { isConditionTrue, setCondition } from '@coracle/api/meta/conditions';
import { badRequest, conflict, isConflict, notFoundError } from '@coracle/api/meta/status';
import { now } from '@coracle/api/meta/time';
import type { Pod } from '@coracle/api/types/core/v1';
import type { DeleteOptions, Preconditions } from '@coracle/api/types/meta/v1';
import type { Eviction } from '@coracle/api/types/policy/v1';
import type { ObjectAccess } from '../access.ts';
import { checkDeleteOptions } from '../options-validation.ts';
import { placeInNamespace } from '../place.ts';
import type { Subresource } from '../strategy.ts';
import { budgetOf, ignoresUnready, spend, stillProcessed } from './disruption-budget.ts';

const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };

/**
 * POST of `pods/eviction`: deletes a pod if its disruption budget allows it
 * (https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/).
 */
export const podEviction: Subresource = {
  methods: ['POST'],
  body: { group: 'policy', version: 'v1', kind: 'Eviction', sameForm: ['v1beta1'] },
  async handle(call) {
    const { name, namespace, objects } = call;
    const eviction = (await call.body<Eviction>('policy/v1.Eviction')) ?? { metadata: {} };
    const { metadata } = eviction;
    if (metadata?.name !== name) throw badRequest('name in URL does not match name in Eviction object');
    placeInNamespace(call, { metadata });
    const { deleteOptions = {} } = await call.admit(eviction);
    checkDeleteOptions(deleteOptions);
    const dryRun = call.dryRun || (deleteOptions.dryRun?.length ?? 0) > 0;
    await evict(objects, { name, namespace }, { ...deleteOptions, ...(dryRun ? { dryRun: ['All'] } : {}) });
    await call.respond(201, success);
  },
};

interface Place {
  name: string;
  namespace: string;
}

async function evict(objects: ObjectAccess, place: Place, options: DeleteOptions): Promise<void> {
  const { name, namespace } = place;
  for (;;) {
    const pod = await objects.get(podKind, name, namespace);
    if (!pod) throw notFoundError({ group: '', resource: 'pods' }, name);
    checkPreconditions(pod, options.preconditions);
    if (!isGuarded(pod)) {
      // A pod that is about to run is guarded from then on: it must still be as it was looked at.
      const asSeen = pod.status?.phase === 'Pending' ? pod : undefined;
      if (await markAndDelete(objects, place, options, asSeen)) return;
      continue;
    }
    const budget = await budgetOf(objects, pod);
    const asSeen =
      budget && !isConditionTrue(pod.status?.conditions, 'Ready') && ignoresUnready(budget) ? pod : undefined;
    if (budget && !asSeen) await spend(objects, budget, name, isDryRun(options));
    if (await markAndDelete(objects, place, options, asSeen)) return;
    throw stillProcessed(budget!.metadata.name!);
  }
}

/** Whether budgets count the pod: it runs, and is not on its way out. */
function isGuarded({ metadata, status }: Pod): boolean {
  return !metadata.deletionTimestamp && !['Succeeded', 'Failed', 'Pending'].includes(status?.phase ?? '');
}

const isDryRun = ({ dryRun }: DeleteOptions): boolean => (dryRun?.length ?? 0) > 0;

function checkPreconditions({ metadata }: Pod, preconditions: Preconditions | undefined): void {
  const { uid = '', resourceVersion = '' } = preconditions ?? {};
  const differs = (what: string, wanted: string, is: string | undefined, means: string) =>
    conflict(
      { group: '', resource: 'Pod' },
      metadata.name ?? '',
      `the ${what} in the precondition (${wanted}) does not match the ${what} in record (${is ?? ''}). The object might have been ${means}`,
    );
  if (uid !== '' && uid !== metadata.uid) throw differs('UID', uid, metadata.uid, 'deleted and then recreated');
  if (resourceVersion !== '' && resourceVersion !== metadata.resourceVersion) {
    throw differs('ResourceVersion', resourceVersion, metadata.resourceVersion, 'modified');
  }
}

/**
 * Writes into the pod why it goes, and deletes it. `asSeen`: only if it is still that version; returns false where it is not, unless the
 * client itself insisted on a version, which is then told of the conflict.
 */
async function markAndDelete(
  objects: ObjectAccess,
  { name, namespace }: Place,
  options: DeleteOptions,
  asSeen: Pod | undefined,
): Promise<boolean> {
  const pinned = options.preconditions?.resourceVersion;
  const preconditions: Preconditions = { ...options.preconditions };
  if (asSeen && !pinned) preconditions.resourceVersion = asSeen.metadata.resourceVersion!;
  const dryRun = isDryRun(options);
  try {
    if (!dryRun) {
      const marked = await objects.update(podKind, name, namespace, (pod) => mark(pod, preconditions), {
        subresource: 'status',
      });
      // The mark itself made a new version.
      if (preconditions.resourceVersion) preconditions.resourceVersion = marked.metadata.resourceVersion!;
    }
    const { gracePeriodSeconds, propagationPolicy } = options;
    await objects.delete(podKind, name, namespace, {
      ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
      ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
      preconditions,
      dryRun,
    });
    return true;
  } catch (error) {
    if (asSeen && !pinned && isConflict(error)) return false;
    throw error;
  }
}

function mark(pod: Pod, preconditions: Preconditions): Pod {
  checkPreconditions(pod, preconditions);
  pod.status ??= {};
  pod.status.conditions ??= [];
  setCondition(pod.status.conditions, {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
    lastTransitionTime: now(),
  });
  return pod;
}
