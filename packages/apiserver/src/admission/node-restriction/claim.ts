import { goDiff } from '@coracle/api/meta/go-form';
import { clone, deepEqual } from '@coracle/api/meta/object';
import type { PersistentVolumeClaim } from '@coracle/api/types/core/v1';
import type { Attributes } from '../plugin.ts';
import { refused } from '../refusal.ts';

/** A node reports of a claim only how much its volume holds and how it grows. */
export function admitClaim(attributes: Attributes, node: string): void {
  if (attributes.subresource !== 'status') throw refused(attributes, 'may only update PVC status');
  if (attributes.operation !== 'UPDATE') {
    throw refused(attributes, `unexpected operation ${JSON.stringify(attributes.operation)}`);
  }
  const now = withoutReport(attributes.object as PersistentVolumeClaim);
  const old = withoutReport(attributes.oldObject as PersistentVolumeClaim);
  if (deepEqual(now, old)) return;
  throw refused(
    attributes,
    `node ${JSON.stringify(node)} is not allowed to update fields other than status.quantity and status.conditions: ${goDiff('core/v1.PersistentVolumeClaim', old, now)}`,
  );
}

/** A claim without what nodes may change, and what every write changes. */
function withoutReport(claim: PersistentVolumeClaim): PersistentVolumeClaim {
  const { status, metadata, ...rest } = clone(claim);
  const { resourceVersion: _r, managedFields: _m, ...kept } = metadata;
  const {
    capacity: _c,
    conditions: _o,
    allocatedResourceStatuses: _s,
    allocatedResources: _a,
    ...fixed
  } = status ?? {};
  return { ...rest, metadata: kept, status: fixed };
}
