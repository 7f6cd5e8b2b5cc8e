import { forbiddenError, type StatusError } from '@coracle/api/meta/status';
import type { Attributes } from './authorizer.ts';

/** The 403 of a denied request, worded exactly as clients and people know it. */
export function forbiddenRequest(attributes: Attributes, reason: string): StatusError {
  const said = escaped(whatIsForbidden(attributes));
  const message = reason === '' ? said : `${said}: ${reason}`;
  if (attributes.path !== undefined) return forbiddenError({ group: '', resource: '' }, '', message);
  const { group, resource, name } = attributes;
  return forbiddenError({ group, resource }, name, message);
}

function whatIsForbidden(attributes: Attributes): string {
  const user = JSON.stringify(attributes.user.name);
  if (attributes.path !== undefined)
    return `User ${user} cannot ${attributes.verb} path ${JSON.stringify(attributes.path)}`;
  const { verb, group, resource, subresource, namespace } = attributes;
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  return `User ${user} cannot ${verb} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}`;
}

/** The message repeats what the client sent; a browser must not read it as markup. */
function escaped(text: string): string {
  return text.replace(/[&<>]/g, (character) => (character === '&' ? '&amp;' : character === '<' ? '&lt;' : '&gt;'));
}
