import { namespace } from '@coracle/api/core/v1/namespace';
import { isAlreadyExists } from '@coracle/api/meta/status';
import type { ObjectAccess } from '../registry/access.ts';

/** Namespaces that every cluster has; they may not be deleted. */
export const systemNamespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system'] as const;

/** Creates the system namespaces that are missing. */
export async function ensureSystemNamespaces(objects: ObjectAccess): Promise<void> {
  for (const name of systemNamespaces) {
    if (objects.cached(namespace, name)) continue;
    try {
      await objects.create(namespace, { metadata: { name }, spec: {} });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }
}
