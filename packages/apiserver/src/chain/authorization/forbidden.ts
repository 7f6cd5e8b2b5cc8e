import { goQuoted } from '@coracle/api/codec/go-text';
import { forbiddenError, StatusError } from '@coracle/api/meta/status';
import type { Status } from '@coracle/api/types/meta/v1';
import type { Attributes } from './authorizer.ts';

/** The 403 of a denied request. */
export class ForbiddenRequest extends StatusError {}

/** The 403 of a denied request, worded exactly as clients and people know it. */
export function forbiddenRequest(attributes: Attributes, reason: string): ForbiddenRequest {
  const said = escaped(whatIsForbidden(attributes));
  const message = reason === '' ? said : `${said}: ${reason}`;
  return new ForbiddenRequest(statusOf(attributes, message));
}

function statusOf(attributes: Attributes, message: string): Status {
  if (attributes.path !== undefined) return forbiddenError({ group: '', resource: '' }, '', message).status;
  const { group, resource, name } = attributes;
  return forbiddenError({ group, resource }, name, message).status;
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
