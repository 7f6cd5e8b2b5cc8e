import { type FieldError, forbidden, Path } from '@coracle/api/meta/field-path';
import { deepEqual } from '@coracle/api/meta/object';
import { withoutDeallocated } from '@coracle/api/resource/v1/claim-status';
import type { AllocatedDeviceStatus, AllocationResult, ResourceClaim } from '@coracle/api/types/resource/v1';
import type { Authorizer } from '../../chain/authorization/authorizer.ts';
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
  const may = async (verbs: readonly string[], subresource: string, name: string): Promise<boolean> => {
    for (const each of verbs) {
      const attributes = { group: 'resource.k8s.io', version: 'v1', resource: 'resourceclaims', subresource, name };
      const question = { user, verb: each, namespace: it.metadata.namespace ?? '', ...attributes };
      if ((await authorizer.authorize(question)).decision === 'allow') return true;
    }
    return false;
  };
  const errors: FieldError[] = [];
  for (const field of ['allocation', 'reservedFor'] as const) {
    if (deepEqual(it.status?.[field] ?? null, old.status?.[field] ?? null)) continue;
    if (await may([verb], 'binding', it.metadata.name ?? '')) break; // one answer is for both
    errors.push(
      forbidden(status.child(field), `changing it requires the permission to ${verb} resourceclaims/binding`),
    );
  }
  const here = isOnNode(it.status?.allocation ?? old.status?.allocation, user);
  const verbs = [...(here ? [`associated-node:${verb}`] : []), `arbitrary-node:${verb}`];
  // What goes with its devices is not the writer's change.
  const before = withoutDeallocated(old.status?.devices, it, old);
  for (const driver of changedDrivers(it.status?.devices ?? [], before)) {
    if (await may(verbs, 'driver', driver)) continue;
    const wanted = verbs.map((each) => JSON.stringify(each)).join(' or ');
    const detail = `changing devices of driver ${JSON.stringify(driver)} requires the permission to ${wanted} resourceclaims/driver of that name`;
    errors.push(forbidden(status.child('devices'), detail));
  }
  return errors;
}

/** Whether a claim's devices are on the one node that a user's credentials are bound to. */
function isOnNode(allocation: AllocationResult | undefined, { extra }: User): boolean {
  const [node] = extra?.[nodeNameKey] ?? [];
  const [term, ...more] = allocation?.nodeSelector?.nodeSelectorTerms ?? [];
  if (node === undefined || !term || more.length > 0) return false;
  return (term.matchFields ?? []).some(
    ({ key, operator, values }) =>
      key === 'metadata.name' && operator === 'In' && values?.length === 1 && values[0] === node,
  );
}

function changedDrivers(devices: readonly AllocatedDeviceStatus[], old: readonly AllocatedDeviceStatus[]): string[] {
  const of = (list: readonly AllocatedDeviceStatus[], driver: string) => list.filter((each) => each.driver === driver);
  const drivers = new Set([...devices, ...old].map(({ driver }) => driver));
  return [...drivers].filter((driver) => !deepEqual(of(devices, driver), of(old, driver)));
}
