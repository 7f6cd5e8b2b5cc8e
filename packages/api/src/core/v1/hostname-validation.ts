import type { PodSpec } from '../../generated/core/v1.ts';
import { type FieldError, forbidden, malformed, type Path, tooLong } from '../../meta/field-path.ts';
import { isDns1123Subdomain } from '../../meta/names.ts';

/** Linux has room for no more. */
const maxHostnameBytes = 64;

/** Errors of the hostname a pod's containers are to see (KEP-4762): it is a name of its own, and nothing else says another. */
export function validateHostnameOverride(spec: PodSpec, at: Path): FieldError[] {
  const { hostnameOverride: name = '', setHostnameAsFQDN, hostNetwork } = spec;
  if (name === '') return [];
  const errors: FieldError[] = [];
  if (setHostnameAsFQDN) errors.push(forbidden(at, 'may not be specified when `setHostnameAsFQDN` is true'));
  if (hostNetwork) errors.push(forbidden(at, 'may not be specified when `hostNetwork` is true'));
  if (Buffer.byteLength(name) > maxHostnameBytes) errors.push(tooLong(at, maxHostnameBytes));
  return [...errors, ...malformed(at, name, isDns1123Subdomain)];
}
