import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { formatTime, now, parseTime } from '@coracle/api/meta/time';
import { foregroundFinalizer, orphanFinalizer } from '@coracle/api/meta/validate-metadata';
import type { Pod } from '@coracle/api/types/core/v1';
import type { DeleteOptions } from '@coracle/api/types/meta/v1';

/** What a DELETE does to an object. */
export type DeletionStep =
  /** It is on its way already and nothing about that changes. */
  | { kind: 'pending' }
  /** It is marked (deletionTimestamp, finalizers) and stays until nothing holds it. */
  | { kind: 'mark'; object: KubeObject }
  /** It goes at once; `object` is how it looked last. */
  | { kind: 'remove'; object: KubeObject };

/**
 * Decides what deleting `object` means, given its finalizers, its kind's grace and the options. Changes and returns `object`.
 * `blocked`: something else than metadata.finalizers holds it back (a namespace's spec.finalizers).
 */
export function deletionStep(
  kind: AnyKind,
  object: KubeObject,
  options: DeleteOptions,
  blocked: boolean,
): DeletionStep {
  const { metadata } = object;
  const grace = gracefulStep(kind, object, options);
  if (grace === 'pending') return { kind: 'pending' };
  const before = metadata.finalizers ?? [];
  const finalizers = finalizersFor(kind, before, options);
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
  const held = finalizers.length > 0 || blocked;
  if (grace === 'none') {
    if (!held) return { kind: 'remove', object };
    markDeleting(object);
    return { kind: 'mark', object };
  }
  return held || metadata.deletionGracePeriodSeconds! > 0 ? { kind: 'mark', object } : { kind: 'remove', object };
}

/** Whether an update leaves an object that was being deleted with nothing that holds it: it is then removed. */
export function finishesDeletion(object: KubeObject, old: KubeObject, blocked: boolean): boolean {
  return (
    old.metadata.deletionTimestamp !== undefined &&
    !object.metadata.finalizers?.length &&
    !(object.metadata.deletionGracePeriodSeconds! > 0) &&
    !blocked
  );
}

/** Sets deletionTimestamp (or moves it up) to now, without grace. */
export function markDeleting(object: KubeObject): void {
  const { metadata } = object;
  if (!metadata.deletionTimestamp && metadata.generation) metadata.generation++;
  if (!metadata.deletionTimestamp || parseTime(metadata.deletionTimestamp) > Date.now())
    metadata.deletionTimestamp = now();
  metadata.deletionGracePeriodSeconds = 0;
}

function gracefulStep(kind: AnyKind, object: KubeObject, options: DeleteOptions): 'none' | 'graceful' | 'pending' {
  const { metadata } = object;
  if (!kind.gracefulDeletion) return 'none';
  if (metadata.deletionTimestamp) {
    const left = metadata.deletionGracePeriodSeconds;
    if (left === undefined) return 'none';
    const wanted = options.gracePeriodSeconds;
    // Grace only ever gets shorter. Zero left and not removed: finalizers hold it, and those that remove them finish it.
    if (wanted === undefined || wanted >= left) return 'pending';
    metadata.deletionTimestamp = formatTime(parseTime(metadata.deletionTimestamp) + (wanted - left) * 1000);
    metadata.deletionGracePeriodSeconds = wanted;
    return 'graceful';
  }
  const period = gracePeriodOf(object as Pod, options);
  metadata.deletionTimestamp = formatTime(Date.now() + period * 1000);
  metadata.deletionGracePeriodSeconds = period;
  if (metadata.generation) metadata.generation++;
  return 'graceful';
}

/** Pods: the caller's or the pod's own period; none where no kubelet has it to stop, or nothing runs any more. */
function gracePeriodOf(pod: Pod, options: DeleteOptions): number {
  let period = options.gracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 0;
  if (!pod.spec?.nodeName) period = 0;
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') period = 0;
  return period < 0 ? 1 : period;
}

/** What the options say of dependents, in either of their two ways. */
export function propagationOf(options: DeleteOptions): string | undefined {
  const { propagationPolicy, orphanDependents } = options;
  return propagationPolicy ?? (orphanDependents === undefined ? undefined : orphanDependents ? 'Orphan' : 'Background');
}

/** The finalizers with those of garbage collection as the propagation policy wants them. */
function finalizersFor(kind: AnyKind, finalizers: readonly string[], options: DeleteOptions): string[] {
  const isDecided = finalizers.includes(orphanFinalizer) || finalizers.includes(foregroundFinalizer);
  const policy = propagationOf(options) ?? (kind.orphansDependents && !isDecided ? 'Orphan' : undefined);
  if (policy === undefined) return [...finalizers];
  const others = finalizers.filter((each) => each !== orphanFinalizer && each !== foregroundFinalizer);
  if (policy === 'Orphan') others.push(orphanFinalizer);
  if (policy === 'Foreground') others.push(foregroundFinalizer);
  return others;
}
