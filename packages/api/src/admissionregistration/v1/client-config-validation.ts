import type { ServiceReference } from '../../generated/admissionregistration/v1.ts';
import { type FieldError, invalid, type Path, required } from '../../meta/field-path.ts';
import { isDns1123Subdomain } from '../../meta/names.ts';

/** Where a webhook is: an admission webhook's clientConfig, or a conversion webhook's. */
export interface WebhookPlace {
  readonly url?: string;
  readonly service?: ServiceReference;
}

/** Errors of a webhook's place: a URL or a Service, one of them. */
export function validateWebhookPlace({ url, service }: WebhookPlace, at: Path): FieldError[] {
  if ((url === undefined) === (service === undefined)) {
    return [required(at, 'exactly one of url or service is required')];
  }
  return url !== undefined ? validateUrl(url, at.child('url')) : validateService(service!, at.child('service'));
}

const form = '; desired format: https://host[/path]';

function validateUrl(text: string, at: Path): FieldError[] {
  const match = /^(?:([a-z][a-z\d+.-]*):)?(?:\/\/(?:([^/?#@]*)@)?([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/is.exec(
    text,
  );
  const wrong = text.startsWith(':') ? 'missing protocol scheme' : badEscape(text);
  if (wrong !== undefined) {
    return [required(at, `url must be a valid URL: parse ${JSON.stringify(text)}: ${wrong}${form}`)];
  }
  if (!match || /[\s\u0000-\u001f]/.test(text) || (match[3] && !URL.canParse(`https://${match[3]}`))) {
    return [required(at, `url must be a valid URL: parse ${JSON.stringify(text)}: invalid URL${form}`)];
  }
  const [, scheme = '', user, host = '', query = '', fragment = ''] = match;
  const errors: FieldError[] = [];
  if (scheme.toLowerCase() !== 'https') {
    errors.push(invalid(at, scheme, `'https' is the only allowed URL scheme${form}`));
  }
  if (host === '') errors.push(invalid(at, host, `host must be specified${form}`));
  if (user !== undefined) errors.push(invalid(at, user, 'user information is not permitted in the URL'));
  if (fragment !== '') errors.push(invalid(at, fragment, 'fragments are not permitted in the URL'));
  if (query !== '') errors.push(invalid(at, query, 'query parameters are not permitted in the URL'));
  return errors;
}

function badEscape(text: string): string | undefined {
  const found = /%(?![0-9a-fA-F]{2}).{0,2}/s.exec(text.replace(/[?#].*$/s, ''));
  return found ? `invalid URL escape ${JSON.stringify(found[0])}` : undefined;
}

function validateService({ name, namespace, path, port = 443 }: ServiceReference, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(required(at.child('name')));
  if (!namespace) errors.push(required(at.child('namespace')));
  if (port < 1 || port > 65535) {
    errors.push(invalid(at.child('port'), port, 'port is not valid: must be between 1 and 65535, inclusive'));
  }
  return path === undefined ? errors : [...errors, ...validatePath(path, at.child('path'))];
}

function validatePath(path: string, at: Path): FieldError[] {
  if (path === '/' || path === '') return [];
  if (path === '//') return [invalid(at, path, 'segment[0] may not be empty')];
  const errors = path.startsWith('/') ? [] : [invalid(at, path, "must start with a '/'")];
  const segments = path.slice(1).replace(/\/$/, '').split('/');
  for (const [i, segment] of segments.entries()) {
    if (segment === '') errors.push(invalid(at, path, `segment[${i}] may not be empty`));
    else for (const why of isDns1123Subdomain(segment)) errors.push(invalid(at, path, `segment[${i}]: ${why}`));
  }
  return errors;
}
