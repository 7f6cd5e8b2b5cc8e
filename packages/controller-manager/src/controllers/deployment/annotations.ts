import type { Deployment, ReplicaSet } from '@coracle/api/types/apps/v1';
import { maxSurge, wanted } from './rolling.ts';

export const revisionAnnotation = 'deployment.kubernetes.io/revision';
export const historyAnnotation = 'deployment.kubernetes.io/revision-history';
/** The deployment's size when the set was last sized. */
export const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas';
/** The same with the surge. */
export const maxAnnotation = 'deployment.kubernetes.io/max-replicas';

/** Annotations of a deployment that do not go to its sets. */
const notCopied = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  'deprecated.deployment.rollback.to',
]);

const maxHistoryLength = 2000;

/** The text of an integer in an annotation, if there is one; without the plus sign that it may have. */
function integerIn(object: ReplicaSet | Deployment, annotation: string): string | undefined {
  const text = object.metadata.annotations?.[annotation];
  return text !== undefined && /^[+-]?[0-9]+$/.test(text) ? text.replace('+', '') : undefined;
}

/** The integer in an annotation, if there is one. */
export function numberOf(object: ReplicaSet | Deployment, annotation: string): number | undefined {
  const text = integerIn(object, annotation);
  return text === undefined ? undefined : Number(text);
}

/** The revision of a set or deployment, an int64; 0n where there is none. */
export function revisionOf(object: ReplicaSet | Deployment): bigint {
  const revision = BigInt(integerIn(object, revisionAnnotation) ?? 0);
  return BigInt.asIntN(64, revision) === revision ? revision : 0n;
}

export function maxRevision(sets: readonly ReplicaSet[]): bigint {
  let most = 0n;
  for (const revision of sets.map(revisionOf)) if (revision > most) most = revision;
  return most;
}

/**
 * Brings the annotations of the new set up to date, in place: the deployment's own, the revision (an older one goes to the history) and,
 * on a set just being made, the sizes. Returns whether anything changed.
 */
export function annotateNewSet(deployment: Deployment, set: ReplicaSet, revision: bigint, exists: boolean): boolean {
  const annotations = { ...set.metadata.annotations };
  let changed = false;
  const put = (name: string, value: string): void => {
    if (annotations[name] === value) return;
    annotations[name] = value;
    changed = true;
  };
  for (const [name, value] of Object.entries(deployment.metadata.annotations ?? {}))
    if (!notCopied.has(name)) put(name, value);
  const before = annotations[revisionAnnotation];
  if (revisionOf(set) < revision) {
    put(revisionAnnotation, String(revision));
    if (before) put(historyAnnotation, appended(annotations[historyAnnotation], before));
  }
  if (!exists) for (const [name, value] of Object.entries(sizeAnnotations(deployment))) put(name, value);
  if (changed) set.metadata.annotations = annotations;
  return changed;
}

/** The annotations that tell for which size of the deployment a set was sized. */
export const sizeAnnotations = (deployment: Deployment): Record<string, string> => ({
  [desiredAnnotation]: String(wanted(deployment)),
  [maxAnnotation]: String(wanted(deployment) + maxSurge(deployment)),
});

/** The history with one more revision; the oldest ones give way where it grows too long. */
function appended(history: string | undefined, revision: string): string {
  const revisions = history ? history.split(',') : [];
  while (revisions.length > 0 && revisions.join(',').length + 1 + revision.length > maxHistoryLength) revisions.shift();
  return [...revisions, revision].join(',');
}
