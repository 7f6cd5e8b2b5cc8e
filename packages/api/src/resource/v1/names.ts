import { append } from '../../meta/append.ts';
import { type FieldError, invalid, malformed, type Path, required, tooLong } from '../../meta/field-path.ts';
import { isCIdentifier, isDns1123Label, isDns1123Subdomain } from '../../meta/names.ts';

const longestDriver = 63;
const longestPool = 253;
const longestDomain = 63;
const longestIdentifier = 32;

/** Errors of a driver's name. */
export function validateDriverName(name: string, at: Path): FieldError[] {
  if (name === '') return [required(at)];
  const errors = name.length > longestDriver ? [tooLong(at, longestDriver)] : [];
  return [...errors, ...malformed(at, name, (it) => isDns1123Subdomain(it.toLowerCase()))];
}

/** Errors of a pool's name: DNS subdomains, with slashes between them. */
export function validatePoolName(name: string, at: Path): FieldError[] {
  if (name === '') return [required(at)];
  const errors = name.length > longestPool ? [tooLong(at, longestPool)] : [];
  return [...errors, ...name.split('/').flatMap((part) => malformed(at, part, isDns1123Subdomain))];
}

/** Errors of a name that is a DNS label: of a device, a request, a set of counters. */
export function validateLabelName(name: string, at: Path): FieldError[] {
  return name === '' ? [required(at)] : malformed(at, name, isDns1123Label);
}

/** Errors of the name of an attribute or a capacity: a C identifier, after a domain where it is not of the driver's own. */
export function validateQualifiedName(name: string, at: Path): FieldError[] {
  if (name === '') return [required(at, 'name required')];
  const parts = name.split('/');
  if (parts.length > 2) {
    return [
      invalid(at, name, 'a fully qualified name must be a domain and a name separated by a slash, or only a name'),
    ];
  }
  const [identifier = '', domain] = parts.reverse();
  const errors: FieldError[] = [];
  if (domain === '') errors.push(invalid(at, '', 'the domain must not be empty'));
  else if (domain !== undefined) {
    if (domain.length > longestDomain) errors.push(tooLong(at, longestDomain));
    append(
      errors,
      malformed(at, domain, (it) => isDns1123Subdomain(it.toLowerCase())),
    );
  }
  if (identifier === '') return [...errors, invalid(at, '', 'the name must not be empty')];
  if (identifier.length > longestIdentifier) errors.push(tooLong(at, longestIdentifier));
  return [...errors, ...malformed(at, identifier, isCIdentifier)];
}

/** As `validateQualifiedName`, where the domain is needed. */
export function validateFullyQualifiedName(name: string, at: Path): FieldError[] {
  const errors = validateQualifiedName(name, at);
  return name === '' || name.includes('/') ? errors : [...errors, invalid(at, name, 'must include a domain')];
}
