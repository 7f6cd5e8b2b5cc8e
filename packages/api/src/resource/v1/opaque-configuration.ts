import { encodeJson } from '../../codec/json.ts';
import type { OpaqueDeviceConfiguration } from '../../generated/resource/v1.ts';
import { type FieldError, invalid, malformed, type Path, required, tooLong } from '../../meta/field-path.ts';
import { isDns1123Subdomain } from '../../meta/names.ts';

const longestDriverName = 63;
const longestParameters = 10 * 1024;

/** Errors of what a driver is told in its own terms: the driver's name, and an object that only it understands. */
export function validateOpaqueConfiguration(
  { driver = '', parameters }: OpaqueDeviceConfiguration,
  at: Path,
): FieldError[] {
  return [...validateDriverName(driver, at.child('driver')), ...validateParameters(parameters, at.child('parameters'))];
}

function validateDriverName(name: string, at: Path): FieldError[] {
  if (name === '') return [required(at)];
  const errors = name.length > longestDriverName ? [tooLong(at, longestDriverName)] : [];
  return [...errors, ...malformed(at, name, (it) => isDns1123Subdomain(it.toLowerCase()))];
}

function validateParameters(parameters: unknown, at: Path): FieldError[] {
  if (parameters === undefined || parameters === null) return [required(at)];
  if (typeof parameters !== 'object' || Array.isArray(parameters)) {
    return [invalid(at, '<value omitted>', 'must be a valid JSON object')];
  }
  return Buffer.byteLength(encodeJson(parameters)) > longestParameters ? [tooLong(at, longestParameters)] : [];
}
