import { namespace as namespaceKind } from '@coracle/api/core/v1/namespace';
import { notFoundError } from '@coracle/api/meta/status';
import type { Namespace } from '@coracle/api/types/core/v1';
import type { Attributes } from '../plugin.ts';

/** The namespace a request is in; undefined for what is in none, and for a namespace itself. Throws NotFound. */
export async function namespaceOf({ namespace, resource, group, objects }: Attributes): Promise<Namespace | undefined> {
  if (namespace === '' || (group === '' && resource === 'namespaces')) return undefined;
  const found = await objects.lookUp(namespaceKind, namespace);
  if (!found) throw notFoundError({ group: '', resource: 'namespaces' }, namespace);
  return found;
}
