import { deepEqual } from '@coracle/api/meta/object';
import type { Pod } from '@coracle/api/types/core/v1';

/** Whether an update changed what a scheduling attempt looks at, beyond status and bookkeeping. */
export function specChanged(before: Pod, after: Pod): boolean {
  const { metadata: old, spec: oldSpec } = before;
  const { metadata: now, spec } = after;
  return (
    !deepEqual(oldSpec, spec) ||
    !deepEqual(old.labels ?? {}, now.labels ?? {}) ||
    !deepEqual(old.annotations ?? {}, now.annotations ?? {}) ||
    old.deletionTimestamp !== now.deletionTimestamp
  );
}
