import { configMap } from '@coracle/api/core/v1/configmap';
import { beginningOf, dayOf, legacyTokenTracking } from '@coracle/api/legacy-tokens/tracking';
import { isAlreadyExists } from '@coracle/api/meta/status';
import type { ObjectAccess } from '../registry/access.ts';

const { name, namespace } = legacyTokenTracking;

/** Says since which day (UTC) the use of tokens that Secrets hold is written down on them, in a ConfigMap (KEP-2799). */
export async function ensureTokenTracking(objects: ObjectAccess): Promise<void> {
  const today = dayOf(Date.now());
  const current = objects.cached(configMap, name, namespace);
  if (isDay(current?.data?.['since'])) return;
  if (!current) {
    try {
      await objects.create(configMap, { metadata: { name, namespace }, data: { since: today } });
      return;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error; // another server was quicker
    }
  }
  await objects.update(configMap, name, namespace, (it) =>
    isDay(it.data?.['since']) ? undefined : { ...it, data: { ...it.data, since: today } },
  );
}

const isDay = (text?: string): boolean => beginningOf(text) !== undefined;
