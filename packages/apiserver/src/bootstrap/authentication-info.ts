import { configMap } from '@coracle/api/core/v1/configmap';
import { deepEqual } from '@coracle/api/meta/object';
import { isAlreadyExists } from '@coracle/api/meta/status';
import type { ObjectAccess } from '../registry/access.ts';

const name = 'extension-apiserver-authentication';
const namespace = 'kube-system';

/** Publishes how this server authenticates clients, in the ConfigMap that extension servers and other components read. */
export async function ensureAuthenticationInfo(objects: ObjectAccess, data: Record<string, string>): Promise<void> {
  const current = objects.cached(configMap, name, namespace);
  if (current && deepEqual(current.data, data)) return;
  if (!current) {
    try {
      await objects.create(configMap, { metadata: { name, namespace }, data });
      return;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error; // another server was quicker
    }
  }
  await objects.update(configMap, name, namespace, (it) => (deepEqual(it.data, data) ? undefined : { ...it, data }));
}
