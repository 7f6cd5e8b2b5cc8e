import { createdAt } from '../../columns.ts';
import type { LimitRange, LimitRangeItem } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { append } from '../../meta/append.ts';
import { duplicate, type FieldError, forbidden, invalid, type Path, required } from '../../meta/field-path.ts';
import { isQualifiedName } from '../../meta/names.ts';
import { Quantity } from '../../meta/quantity.ts';
import { isExtendedName, isHugePages, validateContainerResourceName } from './quota-names.ts';

const types = new Set(['Pod', 'Container', 'PersistentVolumeClaim']);
const amountFields = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;

/** What containers, pods and claims of a namespace may ask for, and what containers get that do not say. */
export const limitRange = defineKind<LimitRange>('core/v1', {
  kind: 'LimitRange',
  plural: 'limitranges',
  shortNames: ['limits'],
  namespaced: true,
  hasGeneration: false,
  defaults(it) {
    for (const item of it.spec?.limits ?? []) defaultItem(item);
  },
  validate: (it, at) => validateItems(it.spec?.limits ?? [], at.child('spec.limits')),
  columns: [createdAt],
});

/** A container's limit is by default the most it may have; its request is the limit, else the least. */
function defaultItem(item: LimitRangeItem): void {
  if (item.type !== 'Container') return;
  item.default = { ...item.max, ...item.default };
  item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest };
  if (Object.keys(item.default).length === 0) delete item.default;
  if (Object.keys(item.defaultRequest).length === 0) delete item.defaultRequest;
}

function validateItems(items: readonly LimitRangeItem[], at: Path): FieldError[] {
  const seen = new Set<string>();
  return items.flatMap((item, index) => {
    const path = at.index(index);
    const { type = '' } = item as Partial<LimitRangeItem>;
    const errors = validateType(type, path.child('type'));
    if (seen.has(type)) errors.push(duplicate(path.child('type'), type));
    seen.add(type);
    return [...errors, ...validateItem(item, path)];
  });
}

function validateType(type: string, at: Path): FieldError[] {
  const errors = isQualifiedName(type).map((message) => invalid(at, type, message));
  if (errors.length > 0 || type.includes('/') || types.has(type)) return errors;
  return [invalid(at, type, 'must be a standard limit type or fully qualified')];
}

function validateItem(item: LimitRangeItem, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const field of amountFields) {
    const amounts = Object.keys(item[field] ?? {});
    if (item.type === 'Pod' && (field === 'default' || field === 'defaultRequest')) {
      if (amounts.length > 0) errors.push(forbidden(at.child(field), "may not be specified when `type` is 'Pod'"));
      continue;
    }
    for (const name of amounts) {
      names.add(name);
      append(errors, validateName(item.type, name, at.child(field).key(name)));
    }
  }
  if (item.type === 'PersistentVolumeClaim' && !item.min?.['storage'] && !item.max?.['storage']) {
    const detail = 'either minimum or maximum storage value is required, but neither was provided';
    errors.push(required(at.child('limits'), detail));
  }
  return [...errors, ...[...names].flatMap((name) => validateOrder(item, name, at))];
}

function validateName(type: string, name: string, at: Path): FieldError[] {
  if (type === 'Pod' || type === 'Container') return validateContainerResourceName(name, at);
  return isQualifiedName(name).map((message) => invalid(at, name, message));
}

/** That min <= defaultRequest <= default <= max holds, and the ratio is one that can be met. */
function validateOrder(item: LimitRangeItem, name: string, at: Path): FieldError[] {
  const read = (list: Record<string, string> | undefined) =>
    list && Object.hasOwn(list, name) ? Quantity.parse(list[name]!) : undefined;
  const [max, min, limit, request, ratio] = amountFields.map((field) => read(item[field]));
  const errors: FieldError[] = [];
  const ordered = (
    low: Quantity | undefined,
    high: Quantity | undefined,
    blamed: 'min' | 'default' | 'defaultRequest',
    shown: Quantity | undefined,
    [lowName, highName]: [string, string],
  ): void => {
    if (!low || !high || low.cmp(high) <= 0) return;
    const detail = `${lowName} value ${low} is greater than ${highName} value ${high}`;
    errors.push(invalid(at.child(blamed).key(name), String(shown), detail));
  };
  ordered(min, max, 'min', min, ['min', 'max']);
  ordered(min, request, 'defaultRequest', request, ['min', 'default request']);
  ordered(request, max, 'defaultRequest', request, ['default request', 'max']);
  ordered(request, limit, 'defaultRequest', request, ['default request', 'default limit']);
  ordered(min, limit, 'default', min, ['min', 'default']);
  ordered(limit, max, 'default', max, ['default', 'max']);
  const ratioAt = at.child('maxLimitRequestRatio').key(name);
  if (ratio && ratio.cmp(Quantity.fromNumber(1)) < 0) {
    errors.push(invalid(ratioAt, String(ratio), `ratio ${ratio} is less than 1`));
  }
  if (ratio && min && max) {
    const most = max.toNumber() / min.toNumber();
    if (ratio.toNumber() > most) {
      errors.push(invalid(ratioAt, String(ratio), `ratio ${ratio} is greater than max/min = ${most.toFixed(6)}`));
    }
  }
  // What cannot be overcommitted is limited to just what is requested.
  if ((isExtendedName(name) || isHugePages(name)) && limit && request && !limit.equals(request)) {
    const detail = `default value ${limit} must equal to defaultRequest value ${request} in ${name}`;
    errors.push(invalid(at.child('defaultRequest').key(name), String(request), detail));
  }
  return errors;
}
