import { type FieldError, invalid, malformed, type Path, required } from './field-path.ts';
import { isDns1123Subdomain } from './names.ts';

const httpPath = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const httpPathRegExp = new RegExp(`^${httpPath}$`);

/** Errors of a name of the form `acme.io/controller`: a DNS subdomain, a slash and what may stand in the path of a URL. */
export function validateDomainPrefixedPath(value: string, at: Path): FieldError[] {
  if (value === '') return [required(at)];
  const slash = value.indexOf('/');
  const [host, path] = [value.slice(0, Math.max(slash, 0)), value.slice(slash + 1)];
  if (host === '' || path === '') {
    return [invalid(at, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  const errors = malformed(at, host, isDns1123Subdomain);
  if (!httpPathRegExp.test(path)) {
    errors.push(invalid(at, path, `Invalid path (regex used for validation is '${httpPath}')`));
  }
  return errors;
}
