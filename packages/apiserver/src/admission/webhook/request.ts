import { shown } from '../../registry/reviews/authentication-reviews.ts';
import type { Attributes } from '../plugin.ts';
import type { Forms } from './forms.ts';

/** What an AdmissionRequest says of a request beside its objects. */
export function requestOf(attributes: Attributes, { kind, resource, requestKind }: Forms): Record<string, unknown> {
  const { subresource, name, namespace, group, version, operation, options } = attributes;
  return {
    kind,
    resource,
    ...(subresource === '' ? {} : { subResource: subresource }),
    requestKind,
    requestResource: { group, version, resource: attributes.resource },
    ...(subresource === '' ? {} : { requestSubResource: subresource }),
    ...(name === '' ? {} : { name }),
    ...(namespace === '' ? {} : { namespace }),
    operation,
    userInfo: shown(attributes.user),
    dryRun: attributes.dryRun,
    options: operation === 'CONNECT' ? null : options,
  };
}
