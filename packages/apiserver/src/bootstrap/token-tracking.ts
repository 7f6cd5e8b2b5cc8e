import { configMap } from '@coracle/api/core/v1/configmap';
import { isAlreadyExists } from '@coracle/api/meta/status';
import type { ObjectAccess } from '../registry/access.ts';

const name = 'kube-apiserver-legacy-service-account-token-tracking';
const namespace = 'kube-system';

/** Says since which day (UTC) the use of tokens that Secrets hold is written down on them, in a ConfigMap (KEP-2799). */
export async function ensureTokenTracking(objects: ObjectAccess): Promise<void> {
  const today = new Date().toISOString().slice(0, 10);
  const current = objects.cached(configMap, name, namespace);
  if (isDate(current?.data?.['since'])) return;
  if (!current) {
    try {
      await objects.create(configMap, { metadata: { name, namespace }, data: { since: today } });
      return;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error; // another server was quicker
    }
  }
  await objects.update(configMap, name, namespace, (it) =>
    isDate(it.data?.['since']) ? undefined : { ...it, data: { ...it.data, since: today } },
  );
}

const isDate = (text = ''): boolean => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
