import { encodeJson } from '../../codec/json.ts';
import { type FieldError, type Path, required } from '../../meta/field-path.ts';

/** The error of a value that is none of the supported ones, which are named in the order given. */
export function unsupported(at: Path, value: unknown, supported: readonly string[]): FieldError {
  const named = supported.map((each) => JSON.stringify(each)).join(', ');
  return at.error('FieldValueNotSupported', `Unsupported value: ${encodeJson(value)}: supported values: ${named}`);
}

/** Errors of a string that has to be one of a few. */
export function oneOfStrings(value: string | undefined, accepted: readonly string[], at: Path): FieldError[] {
  if (!value) return [required(at)];
  return accepted.includes(value) ? [] : [unsupported(at, value, accepted)];
}
