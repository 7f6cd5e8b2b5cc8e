import { namespace as namespaceKind } from '@coracle/api/core/v1/namespace';
import { type FieldError, forbidden, type Path } from '@coracle/api/meta/field-path';
import type { DeviceRequest, ResourceClaimSpec } from '@coracle/api/types/resource/v1';
import type { ObjectAccess } from '../access.ts';

const label = 'resource.kubernetes.io/admin-access';

/** Devices that others use are looked into from namespaces only that are marked for it (KEP-5018). */
export async function adminAccessErrors(
  { devices }: ResourceClaimSpec,
  namespace: string,
  requests: Path,
  objects: ObjectAccess,
): Promise<FieldError[]> {
  const all = devices?.requests ?? [];
  if (!all.some(isAdmins)) return [];
  if ((await objects.get(namespaceKind, namespace))?.metadata.labels?.[label] === 'true') return [];
  const detail = `admin access to devices requires the \`${label}: true\` label on the containing namespace`;
  return all.flatMap((request, i) =>
    isAdmins(request) ? forbidden(requests.index(i).child('exactly').child('adminAccess'), detail) : [],
  );
}

const isAdmins = ({ exactly }: DeviceRequest): boolean => exactly?.adminAccess === true;
