import { type FieldError, forbidden, Path } from '@coracle/api/meta/field-path';
import { deepEqual } from '@coracle/api/meta/object';
import { withoutDeallocated } from '@coracle/api/resource/v1/claim-status';
import type { AllocatedDeviceStatus, AllocationResult, ResourceClaim } from '@coracle/api/types/resource/v1';
import type { Authorizer, ResourceAttributes } from '../../chain/authorization/authorizer.ts';
import { forbiddenRequest } from '../../chain/authorization/forbidden.ts';
import type { User } from '../../chain/user.ts';
import type { WriteContext } from '../strategy.ts';

const status = new Path('status');
const nodeNameKey = 'authentication.kubernetes.io/node-name';

/**
 * Who may change a claim's status may not so change all of it: what is allocated and to whom needs `resourceclaims/binding`, what a driver
 * reports of its devices `resourceclaims/driver` of that driver's name, by a verb that says on which nodes
 * (https://kubernetes.io/docs/concepts/security/hardening-guide/dynamic-resource-allocation/).
 */
export async function statusPermissionErrors(
  it: ResourceClaim,
  old: ResourceClaim,
  { user }: WriteContext,
  verb: string,
  authorizer: Authorizer,
): Promise<FieldError[]> {
  const namespace = it.metadata.namespace ?? '';
  /** Why a user may do none of these, if so: what is said of the first. */
  const refusalOf = async (questions: readonly ResourceAttributes[]): Promise<string | undefined> => {
    let first: string | undefined;
    for (const question of questions) {
      const { decision, reason, failure } = await authorizer.authorize(question);
      if (decision === 'allow') return undefined;
      const why = [...(failure === undefined ? [] : [failure]), ...(reason === '' ? [] : [reason])].join(': ');
      first ??= forbiddenRequest(question, why).message;
    }
    return first;
  };
  const asked = { user, group: 'resource.k8s.io', version: 'v1', resource: 'resourceclaims' };
  const errors: FieldError[] = [];
  const isSame = (field: 'allocation' | 'reservedFor') =>
    deepEqual(it.status?.[field] ?? null, old.status?.[field] ?? null);
  if (!isSame('allocation') || !isSame('reservedFor')) {
    const refusal = await refusalOf([{ ...asked, verb, subresource: 'binding', namespace: '', name: '' }]);
    if (refusal !== undefined) {
      const detail = `changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="${verb}" permission: ${refusal}`;
      errors.push(forbidden(status, detail));
    }
  }
  const verbs = [
    ...(isOnNode(it.status?.allocation, user) ? [`associated-node:${verb}`] : []),
    `arbitrary-node:${verb}`,
  ];
  // What goes with its devices is not the writer's change.
  const before = withoutDeallocated(old.status?.devices, it, old);
  for (const driver of changedDrivers(it.status?.devices ?? [], before)) {
    const refusal = await refusalOf(
      verbs.map((each) => ({ ...asked, verb: each, subresource: 'driver', namespace, name: driver })),
    );
    if (refusal === undefined) continue;
    const detail = `changing status.devices requires resource="resourceclaims/driver", verb="[${verbs.join(' ')}]" permission: ${refusal}`;
    errors.push(forbidden(status.child('devices'), detail));
  }
  return errors;
}

/** Whether a claim's devices are on the one node that a service account's credentials are bound to. */
function isOnNode(allocation: AllocationResult | undefined, { name, extra }: User): boolean {
  const [node, ...others] = extra?.[nodeNameKey] ?? [];
  const [term, ...more] = allocation?.nodeSelector?.nodeSelectorTerms ?? [];
  if (node === undefined || others.length > 0 || !term || more.length > 0) return false;
  if (!/^system:serviceaccount:[^:]+:[^:]+$/.test(name) || term.matchExpressions?.length) return false;
  const [field, ...rest] = term.matchFields ?? [];
  if (!field || rest.length > 0) return false;
  const { key, operator, values = [] } = field;
  return key === 'metadata.name' && operator === 'In' && values.length === 1 && values[0] === node;
}

/** The drivers whose devices are not as they were, by name. */
function changedDrivers(devices: readonly AllocatedDeviceStatus[], old: readonly AllocatedDeviceStatus[]): string[] {
  const keyOf = ({ driver, pool, device, shareID = '' }: AllocatedDeviceStatus) =>
    JSON.stringify([driver, pool, device, shareID]);
  const before = new Map(old.map((each) => [keyOf(each), each]));
  const changed = new Set<string>();
  for (const each of devices) {
    if (!deepEqual(before.get(keyOf(each)) ?? null, each)) changed.add(each.driver);
    before.delete(keyOf(each));
  }
  for (const { driver } of before.values()) changed.add(driver);
  return [...changed].sort();
}
