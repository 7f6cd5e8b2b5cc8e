import { messageOf } from '@coracle/api/meta/message-of';
import { forbiddenError, isForbidden, type StatusError } from '@coracle/api/meta/status';
import type { Attributes } from './plugin.ts';

/** The 403 of a plugin: `pods "web" is forbidden: <why>`. An object whose name is still to be generated goes by its prefix. */
export function refused(attributes: Attributes, why: string): StatusError {
  const { name, object, group, resource } = attributes;
  const metadata = object?.metadata;
  return forbiddenError({ group, resource }, name || metadata?.name || metadata?.generateName || 'Unknown', why);
}

/** As `refused`, for an error met on the way: one that is a refusal already stays as it is. */
export function refusedBy(attributes: Attributes, error: unknown, before = ''): StatusError {
  if (isForbidden(error)) return error as StatusError;
  return refused(attributes, `${before}${messageOf(error)}`);
}

/** Whether the attributes are of this resource of the core group. */
export function isCore(attributes: Attributes, resource: string): boolean {
  return attributes.group === '' && attributes.resource === resource;
}

/** An object that is a pod, in admission: the body of a request for `pods` itself. */
export function isPodWrite(attributes: Attributes, ...operations: readonly string[]): boolean {
  return isCore(attributes, 'pods') && attributes.subresource === '' && operations.includes(attributes.operation);
}
