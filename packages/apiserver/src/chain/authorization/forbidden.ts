import { goQuoted } from '@coracle/api/codec/go-text';
import { forbiddenError, type StatusError } from '@coracle/api/meta/status';
import type { RequestContext } from '../link.ts';
import type { Attributes } from './authorizer.ts';

/** The 403 of a denied request, worded exactly as clients and people know it. */
export function forbiddenRequest(attributes: Attributes, reason: string): StatusError {
  const said = escaped(whatIsForbidden(attributes));
  const message = reason === '' ? said : `${said}: ${reason}`;
  if (attributes.path !== undefined) return forbiddenError({ group: '', resource: '' }, '', message);
  const { group, resource, name } = attributes;
  return forbiddenError({ group, resource }, name, message);
}

/** Has the answer that refuses a request say that it is no page, whatever is in its text. Returns the error. */
export function refused<T>({ res }: Pick<RequestContext, 'res'>, error: T): T {
  res.setHeader('X-Content-Type-Options', 'nosniff');
  return error;
}

function whatIsForbidden(attributes: Attributes): string {
  const user = goQuoted(attributes.user.name);
  if (attributes.path !== undefined) return `User ${user} cannot ${attributes.verb} path ${goQuoted(attributes.path)}`;
  const { verb, group, resource, subresource, namespace } = attributes;
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${goQuoted(namespace)}`;
  return `User ${user} cannot ${verb} resource ${goQuoted(what)} in API group ${goQuoted(group)} ${where}`;
}

/** The message repeats what the client sent; a browser must not read it as markup. */
function escaped(text: string): string {
  return text.replace(/[&<>]/g, (character) => (character === '&' ? '&amp;' : character === '<' ? '&lt;' : '&gt;'));
}
