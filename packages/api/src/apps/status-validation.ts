import { type FieldError, invalid, type Path } from '../meta/field-path.ts';
import { nonNegative } from './selection.ts';

/** Errors of the counts of a status: none is below zero. */
export function countsOf<T extends object>(status: T, fields: readonly (keyof T & string)[], at: Path): FieldError[] {
  return fields.flatMap((field) => nonNegative(status[field] as number | undefined, at.child(field)));
}

/** One error for each of `fields` that is more than `limit`, which `detail` names. */
export function atMost<T extends object>(
  status: T,
  fields: readonly (keyof T & string)[],
  limit: number | undefined,
  detail: string,
  at: Path,
): FieldError[] {
  return fields.flatMap((field) => {
    const value = (status[field] as number | undefined) ?? 0;
    return value > (limit ?? 0) ? [invalid(at.child(field), value, detail)] : [];
  });
}

/** Collisions of names are only ever counted up. */
export function collisionsGrow(now: number | undefined, before: number | undefined, at: Path): FieldError[] {
  return (now ?? 0) < (before ?? 0) ? [invalid(at.child('collisionCount'), now ?? 0, 'cannot be decremented')] : [];
}

/** What the statuses of ReplicaSets and ReplicationControllers count. */
export interface ReplicaCounts {
  replicas?: number;
  fullyLabeledReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  observedGeneration?: number;
}

/** Errors of the status of a ReplicaSet or ReplicationController. */
export function validateReplicaCounts(status: ReplicaCounts, at: Path): FieldError[] {
  const parts = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const;
  return [
    ...countsOf(status, ['replicas', ...parts, 'observedGeneration'], at),
    ...atMost(status, parts, status.replicas, 'cannot be greater than status.replicas', at),
    ...atMost(status, ['availableReplicas'], status.readyReplicas, 'cannot be greater than readyReplicas', at),
  ];
}
