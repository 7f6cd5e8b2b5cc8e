import { type FieldError, forbidden, invalid, malformed, type Path, required, tooLong } from '../../meta/field-path.ts';
import { isQualifiedName } from '../../meta/names.ts';
import { deepEqual, getPath } from '../../meta/object.ts';

const maxParameters = 512;
const maxParametersBytes = 256 * 1024;

/** Errors of the name of who makes volumes of a class, or knows its attributes. */
export function validateProvisioner(name: string | undefined, at: Path): FieldError[] {
  return name ? malformed(at, name.toLowerCase(), isQualifiedName) : [required(at)];
}

/** Errors of the parameters of a class. */
export function validateParameters(
  parameters: Record<string, string> | undefined,
  at: Path,
  mayBeEmpty: boolean,
): FieldError[] {
  const entries = Object.entries(parameters ?? {});
  if (entries.length > maxParameters) return [tooLong(at, maxParameters)];
  const errors = entries.filter(([key]) => key === '').map(([key]) => invalid(at, key, 'field can not be empty.'));
  const size = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (size > maxParametersBytes) errors.push(tooLong(at, maxParametersBytes));
  if (!mayBeEmpty && entries.length === 0) errors.push(required(at, 'must contain at least one key/value pair'));
  return errors;
}

/** Errors of fields of a class that do not change: what was made by them would not change with them. */
export function validateFixed<T extends object>(
  it: T,
  old: T,
  fields: readonly (keyof T & string)[],
  at: Path,
): FieldError[] {
  return fields
    .filter((field) => !deepEqual(getPath(it, field) ?? {}, getPath(old, field) ?? {}))
    .map((field) => forbidden(at.child(field), `updates to ${field} are forbidden.`));
}
