import { namespace as namespaceKind } from '@coracle/api/core/v1/namespace';
import { type FieldError, forbidden, Path } from '@coracle/api/meta/field-path';
import type { ResourceClaim, ResourceClaimSpec } from '@coracle/api/types/resource/v1';
import type { ObjectAccess } from '../access.ts';

const label = 'resource.kubernetes.io/admin-access';

/** Devices that others use are looked into from namespaces only that are marked for it (KEP-5018). The first request for one is told. */
export async function adminAccessErrors(
  { devices }: ResourceClaimSpec,
  namespace: string,
  objects: ObjectAccess,
): Promise<FieldError[]> {
  const i = (devices?.requests ?? []).findIndex(({ exactly }) => exactly?.adminAccess === true);
  return i < 0 ? [] : refusal(namespace, objects, new Path('spec.devices.requests').index(i));
}

/** The same of what a claim gets: its first device that others use, where it had none before. */
export async function allocatedAdminAccessErrors(
  it: ResourceClaim,
  old: ResourceClaim,
  objects: ObjectAccess,
): Promise<FieldError[]> {
  const firstOf = ({ status }: ResourceClaim) =>
    (status?.allocation?.devices?.results ?? []).findIndex(({ adminAccess }) => adminAccess === true);
  const i = firstOf(it);
  if (i < 0 || firstOf(old) >= 0) return [];
  return refusal(it.metadata.namespace ?? '', objects, new Path('status.allocation.devices.results').index(i));
}

async function refusal(namespace: string, objects: ObjectAccess, at: Path): Promise<FieldError[]> {
  if ((await objects.get(namespaceKind, namespace))?.metadata.labels?.[label] === 'true') return [];
  const detail = `admin access to devices requires the \`${label}: true\` label on the containing namespace`;
  return [forbidden(at.child('adminAccess'), detail)];
}
