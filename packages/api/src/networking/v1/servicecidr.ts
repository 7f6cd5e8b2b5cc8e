import { age, text } from '../../columns.ts';
import type { ServiceCIDR } from '../../generated/networking/v1.ts';
import { defineKind } from '../../kind.ts';
import { type FieldError, invalid, type Path, required } from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { isCidr } from '../../meta/names.ts';
import { deepEqual } from '../../meta/object.ts';
import { isCanonicalCidr } from './range-form.ts';

/** A range that Services get their addresses from. */
export const serviceCidr = defineKind<ServiceCIDR>('networking/v1', {
  kind: 'ServiceCIDR',
  plural: 'servicecidrs',
  namespaced: false,
  hasGeneration: false,
  subresources: { status: true },
  validate: (it, at) =>
    validateRanges(
      it.spec?.cidrs ?? [],
      goForm('networking/v1.ServiceCIDRSpec', it.spec),
      at.child('spec').child('cidrs'),
    ),
  validateUpdate: (it, old, at) =>
    validateChange(it.spec?.cidrs ?? [], old.spec?.cidrs ?? [], at.child('spec').child('cidrs')),
  columns: [text('CIDRs', (it) => (it.spec?.cidrs ?? []).join(','), 'The ranges, at most one of each family.'), age],
});

function validateRanges(cidrs: readonly string[], spec: unknown, at: Path): FieldError[] {
  const [first, second] = cidrs;
  if (first === undefined) return [required(at, 'at least one CIDR required')];
  if (cidrs.length > 2) return [invalid(at, spec, 'may only hold up to 2 values')];
  const valid = cidrs.every((cidr) => isCidr(cidr).length === 0);
  if (second !== undefined && (!valid || first.includes(':') === second.includes(':'))) {
    const detail = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
    return [invalid(at, spec, detail)];
  }
  return cidrs.flatMap((cidr, i) => isCanonicalCidr(cidr).map((message) => invalid(at.index(i), cidr, message)));
}

/** Ranges stay as they are; one of the other family may be added. */
function validateChange(cidrs: readonly string[], old: readonly string[], at: Path): FieldError[] {
  const added = old.length === 1 && cidrs.length === 2;
  if (cidrs.length !== old.length && !added) return [invalid(at, cidrs, 'field is immutable')];
  return old.flatMap((cidr, i) =>
    deepEqual(cidr, cidrs[i]) ? [] : [invalid(at.index(i), cidrs[i], 'field is immutable')],
  );
}
