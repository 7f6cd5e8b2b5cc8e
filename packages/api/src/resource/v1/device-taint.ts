import type { DeviceTaint, DeviceToleration } from '../../generated/resource/v1.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, invalid, malformed, notSupported, type Path, required } from '../../meta/field-path.ts';
import { isLabelValue, isQualifiedName } from '../../meta/names.ts';
import { validateList } from './lists.ts';

const effects = ['NoExecute', 'NoSchedule', 'None'];
const mostTolerations = 16;

/** Errors of a taint of a device (KEP-5055). */
export function validateTaint({ key = '', value = '', effect = '' }: DeviceTaint, at: Path): FieldError[] {
  const errors = malformed(at.child('key'), key, isQualifiedName);
  append(errors, malformed(at.child('value'), value, isLabelValue));
  if (effect === '') errors.push(required(at.child('effect')));
  else if (!effects.includes(effect)) errors.push(notSupported(at.child('effect'), effect, effects));
  return errors;
}

/** Errors of what taints a request puts up with. */
export function validateTolerations(tolerations: readonly DeviceToleration[] | undefined, at: Path): FieldError[] {
  return validateList(tolerations, mostTolerations, at, validateToleration);
}

function validateToleration(it: DeviceToleration, at: Path): FieldError[] {
  const { key = '', operator = '', value = '', effect = '' } = it;
  const errors = key === '' ? [] : malformed(at.child('key'), key, isQualifiedName);
  if (operator === '') errors.push(required(at.child('operator')));
  else if (operator === 'Equal') append(errors, malformed(at.child('value'), value, isLabelValue));
  else if (operator !== 'Exists') errors.push(notSupported(at.child('operator'), operator, ['Equal', 'Exists']));
  else if (value !== '') errors.push(invalid(at.child('value'), value, 'must be empty for operator `Exists`'));
  if (effect !== '' && !effects.includes(effect)) errors.push(notSupported(at.child('effect'), effect, effects));
  return errors;
}
