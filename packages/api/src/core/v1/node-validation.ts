import type { Node } from '../../generated/core/v1.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
} from '../../meta/field-path.ts';
import { isLabelValue, isQualifiedName } from '../../meta/names.ts';
import { deepEqual } from '../../meta/object.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** Errors of a new node: its taints and pod ranges. */
export function validateNode(it: Node, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, taint] of (it.spec?.taints ?? []).entries()) {
    const path = at.child('spec.taints').index(i);
    for (const message of isQualifiedName(taint.key ?? ''))
      errors.push(invalid(path.child('key'), taint.key ?? '', message));
    for (const message of isLabelValue(taint.value ?? ''))
      errors.push(invalid(path.child('value'), taint.value, message));
    if (!taint.effect) errors.push(required(path.child('effect')));
    else if (!effects.includes(taint.effect)) errors.push(notSupported(path.child('effect'), taint.effect, effects));
    const pair = `${taint.key}:${taint.effect}`;
    if (seen.has(pair))
      errors.push({
        ...duplicate(path, taint),
        message: `${duplicate(path, taint).message}: taints must be unique by key and effect pair`,
      });
    seen.add(pair);
  }
  for (const [i, cidr] of (it.spec?.podCIDRs ?? []).entries()) {
    if (!/^[0-9a-fA-F.:]+\/\d{1,3}$/.test(cidr))
      errors.push(
        invalid(
          at.child('spec.podCIDRs').index(i),
          cidr,
          'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
        ),
      );
  }
  return errors;
}

/** Errors of a change: ranges, once set, and the provider's identity stay. */
export function validateNodeUpdate(it: Node, old: Node, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const path = at.child('spec');
  if (old.spec?.podCIDRs?.length && !deepEqual(it.spec?.podCIDRs, old.spec.podCIDRs)) {
    errors.push(forbidden(path.child('podCIDRs'), 'node updates may not change podCIDR except from "" to valid'));
  }
  if (old.spec?.providerID && it.spec?.providerID !== old.spec.providerID) {
    errors.push(forbidden(path.child('providerID'), 'node updates may not change providerID except from "" to valid'));
  }
  return errors;
}
