import { validateCsiDriverName } from '../../core/v1/volume-source-validation.ts';
import { append } from '../../meta/append.ts';
import { type FieldError, invalid, malformed, type Path, required, tooLong } from '../../meta/field-path.ts';
import { isCIdentifier, isDns1123Label, isDns1123Subdomain } from '../../meta/names.ts';

const longestPool = 253;
const longestIdentifier = 32;

/** Errors of a driver's name, which is one of drivers of CSI volumes' too. */
export const validateDriverName = validateCsiDriverName;

/** Errors of a pool's name: DNS subdomains, with slashes between them. */
export function validatePoolName(name: string, at: Path): FieldError[] {
  if (name === '') return [required(at)];
  const errors = name.length > longestPool ? [tooLong(at, longestPool)] : [];
  return [...errors, ...name.split('/').flatMap((part) => malformed(at, part, isDns1123Subdomain))];
}

/** Errors of a name that is a DNS label: of a device, a request. */
export const validateLabelName = (name: string, at: Path): FieldError[] => malformed(at, name, isDns1123Label);

/** As `validateLabelName`, of a set of counters. */
export function validateCounterSetName(name: string, at: Path): FieldError[] {
  return name === '' ? [required(at)] : validateLabelName(name, at);
}

/**
 * Errors of the name of an attribute or a capacity: a C identifier, after a domain where it is not of the driver's own. What has more parts is let
 * through, as upstream lets it.
 */
export function validateQualifiedName(name: string, at: Path): FieldError[] {
  const parts = name.split('/');
  if (parts.length > 2) return [];
  const [identifier = '', domain] = parts.reverse();
  if (domain === undefined) return validateIdentifier(identifier, at);
  return [
    ...(domain === '' ? [invalid(at, '', 'the domain must not be empty')] : validateDriverName(domain, at)),
    ...(identifier === '' ? [invalid(at, '', 'the name must not be empty')] : validateIdentifier(identifier, at)),
  ];
}

function validateIdentifier(identifier: string, at: Path): FieldError[] {
  const errors = identifier.length > longestIdentifier ? [tooLong(at, longestIdentifier)] : [];
  append(errors, malformed(at, identifier, isCIdentifier));
  return errors;
}

/** As `validateQualifiedName`, where the domain is needed. */
export function validateFullyQualifiedName(name: string, at: Path): FieldError[] {
  const errors = validateQualifiedName(name, at);
  if (name.includes('/')) return errors;
  return [...errors, invalid(at, name, 'a fully qualified name must be a domain and a name separated by a slash')];
}
