import { namespace as namespaceKind } from '@coracle/api/core/v1/namespace';
import type { KubeObject } from '@coracle/api/kind';
import type { Selector } from '@coracle/api/meta/labels';
import { notFoundError } from '@coracle/api/meta/status';
import type { Attributes } from '../plugin.ts';

type Labels = Readonly<Record<string, string>> | undefined;

/**
 * Whether a request is in a namespace that a selector selects. What is in no namespace always is. Throws NotFound where there is no such
 * namespace.
 */
export async function inSelectedNamespace(selector: Selector, attributes: Attributes): Promise<boolean> {
  if (selector.empty || (attributes.namespace === '' && attributes.resource !== 'namespaces')) return true;
  return selector.matches(await namespaceLabels(attributes));
}

/** Of a namespace that is being written, the labels it is to have; else those it has. */
async function namespaceLabels(attributes: Attributes): Promise<Labels> {
  const { resource, subresource, operation, object, objects, namespace } = attributes;
  if (resource === 'namespaces' && subresource === '' && (operation === 'CREATE' || operation === 'UPDATE')) {
    return object?.metadata.labels;
  }
  const found = await objects.lookUp(namespaceKind, namespace);
  if (!found) throw notFoundError({ group: '', resource: 'namespaces' }, namespace);
  return found.metadata.labels;
}

/** Whether a selector selects the object, or what it was before. */
export function selectsObject(selector: Selector, { object, oldObject }: Attributes): boolean {
  const matches = (it: KubeObject | undefined) => it?.metadata !== undefined && selector.matches(it.metadata.labels);
  return selector.empty || matches(object) || matches(oldObject);
}
