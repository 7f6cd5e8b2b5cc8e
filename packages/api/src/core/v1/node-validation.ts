import type { Node, Taint } from '../../generated/core/v1.ts';
import { append } from '../../meta/append.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  malformed,
  notSupported,
  type Path,
  required,
} from '../../meta/field-path.ts';
import { goForm } from '../../meta/go-form.ts';
import { isCidr, isLabelValue, isQualifiedName } from '../../meta/names.ts';
import { deepEqual } from '../../meta/object.ts';
import { Quantity } from '../../meta/quantity.ts';
import { isExtendedName } from './quota-names.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** Errors of a node: its taints, its pod ranges, and what it says it has. */
export function validateNode(it: Node, at: Path): FieldError[] {
  const errors = [
    // The path is upstream's.
    ...validateTaints(it.spec?.taints ?? [], at.child('metadata.taints')),
    ...validateAmounts(it.status?.capacity, at.child('status.capacity')),
    ...validateAmounts(it.status?.allocatable, at.child('status.allocatable')),
  ];
  const ranges = it.spec?.podCIDRs ?? [];
  const path = at.child('spec.podCIDRs');
  const wrong = ranges.flatMap((range, i) => malformed(path.index(i), range, isCidr));
  if (wrong.length === 0 && ranges.length > 1) {
    const families = new Set(ranges.map((range) => range.includes(':')));
    if (families.size < 2 || ranges.length > 2)
      wrong.push(invalid(path, ranges, 'may specify no more than one CIDR for each IP family'));
  }
  return [...errors, ...wrong];
}

function validateTaints(taints: readonly Taint[], at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, taint] of taints.entries()) {
    const { key = '', value = '', effect = '' } = taint;
    const path = at.index(i);
    append(errors, malformed(path.child('key'), key, isQualifiedName));
    const wrong = isLabelValue(value);
    if (wrong.length > 0) errors.push(invalid(path.child('value'), value, wrong.join(';')));
    if (effect === '') errors.push(required(path.child('effect')));
    else if (!effects.includes(effect)) errors.push(notSupported(path.child('effect'), effect, effects));
    const pair = `${key}:${effect}`;
    if (seen.has(pair)) {
      const error = duplicate(path, goForm('core/v1.Taint', taint));
      errors.push({ ...error, message: `${error.message}: taints must be unique by key and effect pair` });
    }
    seen.add(pair);
  }
  return errors;
}

function validateAmounts(list: Record<string, string> | undefined, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const name in list) {
    const path = at.key(name);
    const amount = Quantity.parse(list[name]!);
    append(errors, malformed(path, name, isQualifiedName));
    if (amount.sign() < 0) errors.push(invalid(path, list[name], 'must be greater than or equal to 0'));
    if ((name === 'pods' || isExtendedName(name)) && amount.milliValue() % 1000n !== 0n)
      errors.push(invalid(path, list[name], 'must be an integer'));
  }
  return errors;
}

/** Errors of a change, of the node or of its status: ranges, once set, and the provider's identity stay. */
export function validateNodeUpdate(it: Node, old: Node, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const addresses = new Set<string>();
  for (const [i, address] of (it.status?.addresses ?? []).entries()) {
    const key = `${address.type}/${address.address}`;
    if (addresses.has(key))
      errors.push(duplicate(at.child('status.addresses').index(i), goForm('core/v1.NodeAddress', address)));
    addresses.add(key);
  }
  const path = at.child('spec');
  if (old.spec?.podCIDRs?.length && !deepEqual(it.spec?.podCIDRs, old.spec.podCIDRs)) {
    errors.push(forbidden(path.child('podCIDRs'), 'node updates may not change podCIDR except from "" to valid'));
  }
  if (old.spec?.providerID && it.spec?.providerID !== old.spec.providerID) {
    errors.push(forbidden(path.child('providerID'), 'node updates may not change providerID except from "" to valid'));
  }
  if ((it.spec?.externalID ?? '') !== (old.spec?.externalID ?? ''))
    errors.push(forbidden(path.child('externalID'), 'may not be updated'));
  return errors;
}
