import type { DeviceSelector } from '../../generated/resource/v1.ts';
import { type FieldError, type Path, required, tooLong } from '../../meta/field-path.ts';
import { validateList } from './lists.ts';

const mostSelectors = 32;

/** Bytes of a selector's expression; a longer one is not even read. */
export const longestExpression = 10 * 1024;

/** Errors of selectors of devices; those of what their expressions say are found beforehand. */
export function validateSelectors(selectors: readonly DeviceSelector[] | undefined, at: Path): FieldError[] {
  return validateList(selectors, mostSelectors, at, validateSelector);
}

function validateSelector({ cel }: DeviceSelector, at: Path): FieldError[] {
  if (!cel) return [required(at.child('cel'))];
  const path = at.child('cel').child('expression');
  const { expression = '' } = cel;
  return Buffer.byteLength(expression) > longestExpression ? [tooLong(path, longestExpression)] : path.beforehand();
}
