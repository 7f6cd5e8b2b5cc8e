import { type FieldError, invalid, type Path } from '../../meta/field-path.ts';
import { Quantity } from '../../meta/quantity.ts';

/** Errors of an amount of storage that is asked for or offered: it is more than nothing. */
export function validatePositiveAmount(text: string, at: Path): FieldError[] {
  const amount = Quantity.parse(text);
  return amount.sign() > 0 ? [] : [invalid(at, amount.toString(), 'must be greater than zero')];
}

/** Errors of an amount of storage that is reported: it is not less than nothing. */
export function validateAmount(text: string, at: Path): FieldError[] {
  const amount = Quantity.parse(text);
  return amount.sign() >= 0 ? [] : [invalid(at, amount.toString(), 'must be greater than or equal to 0')];
}

/** As `validateAmount`, of any resource, in upstream's other words for it. */
export function validateBasicAmount(text: string, at: Path): FieldError[] {
  const amount = Quantity.parse(text);
  return amount.sign() >= 0 ? [] : [invalid(at, amount.value(), 'must be a valid resource quantity')];
}
