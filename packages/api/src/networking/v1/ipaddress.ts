import { text } from '../../columns.ts';
import type { IPAddress, ParentReference } from '../../generated/networking/v1.ts';
import { defineKind } from '../../kind.ts';
import { canonicalAddress } from '../../meta/addresses.ts';
import { type FieldError, invalid, type Path, required } from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { isDns1123Subdomain, isIp, isPathSegmentName } from '../../meta/names.ts';
import { deepEqual } from '../../meta/object.ts';

/** Labels of addresses that the API server gave to Services. */
export const ipAddressFamilyLabel = 'ipaddress.kubernetes.io/ip-family';
export const ipAddressManagedByLabel = 'ipaddress.kubernetes.io/managed-by';
/** Who the API server is among those that make IPAddress objects. */
export const ipAllocatorName = 'ipallocator.k8s.io';

/** One address that is taken, by the object it refers to. Its name is the address, so that nobody can take it twice. */
export const ipAddress = defineKind<IPAddress>('networking/v1', {
  kind: 'IPAddress',
  plural: 'ipaddresses',
  shortNames: ['ip'],
  namespaced: false,
  hasGeneration: false,
  name: addressName,
  validate: (it, at) => validateParent(it.spec?.parentRef, at.child('spec').child('parentRef')),
  validateUpdate({ spec }, old, at) {
    if (deepEqual(spec?.parentRef, old.spec?.parentRef)) return [];
    const shown = spec?.parentRef ? goForm('networking/v1.ParentReference', spec.parentRef) : null;
    return [invalid(at.child('spec.parentRef'), shown, 'field is immutable')];
  },
  columns: [text('ParentRef', shownParent, 'The object that has the address.')],
});

function addressName(name: string): string[] {
  const errors = isIp(name);
  if (errors.length > 0) return errors;
  const canonical = canonicalAddress(name);
  return canonical === name ? [] : [`must be in canonical form (${JSON.stringify(canonical)})`];
}

function validateParent(parent: ParentReference | undefined, at: Path): FieldError[] {
  if (!parent) return [required(at)];
  const errors: FieldError[] = [];
  if (parent.group) {
    for (const message of isDns1123Subdomain(parent.group)) {
      errors.push(invalid(at.child('group'), parent.group, message));
    }
  }
  for (const field of ['resource', 'name', 'namespace'] as const) {
    const value = parent[field];
    if (value) for (const message of isPathSegmentName(value)) errors.push(invalid(at.child(field), value, message));
    else if (field !== 'namespace') errors.push(required(at.child(field)));
  }
  return errors;
}

/** `services/default/web`, `gateways.gateway.networking.k8s.io/default/edge`. */
function shownParent({ spec }: IPAddress): string {
  const parent = spec?.parentRef;
  if (!parent) return '<none>';
  const resource = [parent.resource, parent.group].filter(Boolean).join('.').toLowerCase();
  return [resource, parent.namespace, parent.name].filter(Boolean).join('/');
}
