import { namespace as namespaceKind } from '@coracle/api/core/v1/namespace';
import { type FieldError, forbidden, type Path } from '@coracle/api/meta/field-path';
import type { ResourceClaimSpec } from '@coracle/api/types/resource/v1';
import type { ObjectAccess } from '../access.ts';

const label = 'resource.kubernetes.io/admin-access';

/** Devices that others use are looked into from namespaces only that are marked for it (KEP-5018). */
export async function adminAccessErrors(
  { devices }: ResourceClaimSpec,
  namespace: string,
  requests: Path,
  objects: ObjectAccess,
): Promise<FieldError[]> {
  const wishes = [...(devices?.requests ?? []).entries()].filter(([, { exactly }]) => exactly?.adminAccess === true);
  if (wishes.length === 0) return [];
  if ((await objects.get(namespaceKind, namespace))?.metadata.labels?.[label] === 'true') return [];
  const detail = `admin access to devices requires the \`${label}: true\` label on the containing namespace`;
  return wishes.map(([i]) => forbidden(requests.index(i).child('exactly').child('adminAccess'), detail));
}
