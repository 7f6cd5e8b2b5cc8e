import { pod as podKind } from '@coracle/api/core/v1/pod';
import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { findCondition } from '@coracle/api/meta/conditions';
import { clone } from '@coracle/api/meta/object';
import { controllerRef } from '@coracle/api/meta/owner';
import { isNotFound, StatusError } from '@coracle/api/meta/status';
import { parseTime } from '@coracle/api/meta/time';
import type { Pod, PodTemplateSpec } from '@coracle/api/types/core/v1';
import type { Scope } from './controller.ts';

/** Neither ended nor being deleted. */
export const isActive = (pod: Pod): boolean => !isTerminated(pod) && !pod.metadata.deletionTimestamp;

export const isTerminated = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

export const isReady = (pod: Pod): boolean => findCondition(pod.status?.conditions, 'Ready')?.status === 'True';

/** When the pod became what its Ready condition says (ms); undefined where it does not say. */
export function readyTime(pod: Pod): number | undefined {
  const time = findCondition(pod.status?.conditions, 'Ready')?.lastTransitionTime;
  return time ? parseTime(time) : undefined;
}

/** Ready for at least `minReadySeconds` at the time `now` (ms). */
export function isAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  if (!isReady(pod)) return false;
  const since = readyTime(pod);
  return minReadySeconds === 0 || (since !== undefined && since + minReadySeconds * 1000 <= now);
}

/** Whether a write failed because its namespace is being deleted; there is no point in trying again. */
export const isNamespaceTerminating = (error: unknown): boolean =>
  error instanceof StatusError &&
  (error.status.details?.causes ?? []).some((cause) => cause.reason === 'NamespaceTerminating');

/** Creates a pod from a template for an owner, and tells of it on the owner. */
export async function createPod(
  scope: Scope,
  template: PodTemplateSpec,
  owner: KubeObject,
  ownerKind: AnyKind,
): Promise<Pod> {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const made: Pod = {
    metadata: {
      ...clone({ labels, annotations, finalizers }),
      generateName: podPrefix(owner.metadata.name!),
      namespace: owner.metadata.namespace,
      ownerReferences: [controllerRef(owner, ownerKind)],
    },
    spec: clone(template.spec!),
  };
  try {
    const created = await scope.client.create(podKind, made);
    scope.record(owner, ownerKind, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata.name}`);
    return created;
  } catch (error) {
    if (!isNamespaceTerminating(error)) {
      scope.record(owner, ownerKind, 'Warning', 'FailedCreate', `Error creating: ${(error as Error).message}`);
    }
    throw error;
  }
}

/** Deletes a pod of an owner, and tells of it on the owner. NotFound is thrown without an event. */
export async function deletePod(scope: Scope, pod: Pod, owner: KubeObject, ownerKind: AnyKind): Promise<void> {
  try {
    await scope.client.delete(podKind, pod.metadata.name!, pod.metadata.namespace);
  } catch (error) {
    if (!isNotFound(error)) {
      scope.record(owner, ownerKind, 'Warning', 'FailedDelete', `Error deleting: ${(error as Error).message}`);
    }
    throw error;
  }
  scope.record(owner, ownerKind, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
}

/** `name-`, or the bare name where that would make no valid start of a pod's name. */
const podPrefix = (name: string): string => (name.length + 1 > 253 ? name : `${name}-`);
