import { encodeJson } from '../../codec/json.ts';
import type { DeviceConfiguration, OpaqueDeviceConfiguration } from '../../generated/resource/v1.ts';
import { type FieldError, invalid, type Path, required, tooLong } from '../../meta/field-path.ts';
import { isObject } from '../../meta/object.ts';
import { validateDriverName } from './names.ts';

const longestParameters = 10 * 1024;

/** Errors of a configuration of devices, of which there is one sort so far. */
export function validateConfiguration({ opaque }: DeviceConfiguration, at: Path): FieldError[] {
  const path = at.child('opaque');
  return opaque ? validateOpaqueConfiguration(opaque, path) : [required(path)];
}

/** Errors of what a driver is told in its own terms: the driver's name, and an object that only it understands. */
function validateOpaqueConfiguration({ driver = '', parameters }: OpaqueDeviceConfiguration, at: Path): FieldError[] {
  return [...validateDriverName(driver, at.child('driver')), ...validateParameters(parameters, at.child('parameters'))];
}

function validateParameters(parameters: unknown, at: Path): FieldError[] {
  if (parameters === undefined || parameters === null) return [required(at)];
  return validateRaw(parameters, longestParameters, at);
}

/** Errors of a value that only a driver understands: an object, of at most so many bytes of JSON. */
export function validateRaw(value: unknown, longest: number, at: Path): FieldError[] {
  if (Buffer.byteLength(encodeJson(value)) > longest) return [tooLong(at, longest)];
  return isObject(value) ? [] : [invalid(at, '<value omitted>', 'must be a valid JSON object')];
}
