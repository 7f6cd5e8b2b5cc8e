import { configMap } from '@coracle/api/core/v1/configmap';
import { pod } from '@coracle/api/core/v1/pod';
import { referencesOf } from '@coracle/api/core/v1/pod-references';
import { secret as secretKind } from '@coracle/api/core/v1/secret';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import {
  beginningOf,
  dayOf,
  invalidSinceLabel,
  lastUsedLabel,
  legacyTokenTracking,
} from '@coracle/api/legacy-tokens/tracking';
import { keyOf } from '@coracle/api/meta/object';
import { isConflict, isNotFound } from '@coracle/api/meta/status';
import { parseTime } from '@coracle/api/meta/time';
import type { Secret } from '@coracle/api/types/core/v1';
import { delay } from '@coracle/client/rate-limit';
import { defineController, observed, type Scope } from '../../controller.ts';

const name = 'legacy-serviceaccount-token-cleaner-controller';
const day = 24 * 60 * 60_000;

/**
 * Ends tokens nobody uses that control planes of old made for their service accounts (https://kep.k8s.io/2799): one that was not used for
 * --legacy-service-account-token-clean-up-period is marked invalid, and deleted when it still was not after as long again.
 */
export const legacyTokenCleaner = defineController({
  name,
  aliases: ['legacy-service-account-token-cleaner'],
  serviceAccount: 'legacy-service-account-token-cleaner',
  watches: [
    observed(secretKind, { selection: { fieldSelector: 'type=kubernetes.io/service-account-token' } }),
    observed(serviceAccount),
    observed(pod),
  ],

  async run(scope) {
    while (!scope.signal.aborted) {
      await clean(scope, Date.now()).catch((err) => {
        if (!scope.signal.aborted) scope.log.error({ controller: name, err }, 'Cleaning up failed, trying again later');
      });
      await delay(day, scope.signal);
    }
  },

  async reconcile() {},
});

/** One round, at a time in ms. What fails for a Secret is logged and left to the next round. */
export async function clean(scope: Scope, at: number): Promise<void> {
  const { listers, log, settings } = scope;
  const period = settings.legacyTokenCleanUpPeriod;
  if (at < (await trackedSince(scope)) + period) return;
  const mounted = new Map<string, ReadonlySet<string>>();
  for (const secret of listers.list(secretKind)) {
    const { name: own = '', namespace = '' } = secret.metadata;
    if (!isUnused(secret, at - period) || !isMadeForAccount(secret, scope)) continue;
    const used = mounted.get(namespace) ?? secretsOfPods(namespace, scope);
    mounted.set(namespace, used);
    if (used.has(own)) continue;
    try {
      await end(secret, at, scope);
    } catch (err) {
      log.error({ controller: name, secret: keyOf(secret), err }, 'Ending an unused token failed, trying again later');
    }
  }
}

/** From when on all use was surely written down: the day after it began. */
async function trackedSince({ client }: Scope): Promise<number> {
  const { data } = await client.get(configMap, legacyTokenTracking.name, legacyTokenTracking.namespace);
  const since = beginningOf(data?.['since']);
  if (since === undefined) throw new Error(`the ConfigMap ${legacyTokenTracking.name} does not say since when`);
  return since + day;
}

/** Whether a Secret was made and last used before a time. A day that cannot be read says nothing, so it counts as used. */
function isUnused({ metadata }: Secret, before: number): boolean {
  if (metadata.deletionTimestamp || parseTime(metadata.creationTimestamp!) >= before) return false;
  const used = metadata.labels?.[lastUsedLabel];
  return used === undefined || (beginningOf(used) !== undefined && used < dayOf(before));
}

/** Whether the account names the Secret, as only those do that were made for it; one that somebody asked for stays. */
function isMadeForAccount({ metadata }: Secret, { listers }: Scope): boolean {
  const of = metadata.annotations?.['kubernetes.io/service-account.name'];
  const uid = metadata.annotations?.['kubernetes.io/service-account.uid'];
  const account = of ? listers.get(serviceAccount, `${metadata.namespace}/${of}`) : undefined;
  if (!account || (uid && uid !== account.metadata.uid)) return false;
  return (account.secrets ?? []).some((each) => each.name === metadata.name);
}

function secretsOfPods(namespace: string, { listers }: Scope): ReadonlySet<string> {
  const references = listers.list(pod, namespace).flatMap(referencesOf);
  return new Set(references.flatMap(({ kind, name: named }) => (kind === 'secret' ? [named] : [])));
}

/** Marks a Secret invalid, or deletes one that has been for long enough. */
async function end(secret: Secret, at: number, { client, log, settings }: Scope): Promise<void> {
  const { name: own = '', namespace, uid, labels, resourceVersion } = secret.metadata;
  const since = labels?.[invalidSinceLabel];
  if (beginningOf(since) === undefined) {
    const today = dayOf(at);
    log.info({ secret: keyOf(secret), invalidSince: today }, 'Marking an unused token as invalid');
    const body = { metadata: { uid, labels: { [invalidSinceLabel]: today } } };
    await client.patch(secretKind, own, namespace, { type: 'merge', body });
    return;
  }
  if (since! >= dayOf(at - settings.legacyTokenCleanUpPeriod)) return;
  log.info({ secret: keyOf(secret), invalidSince: since }, 'Deleting an unused token');
  try {
    await client.delete(secretKind, own, namespace, { preconditions: { resourceVersion } });
  } catch (error) {
    // It went, or was used: the next round looks again.
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
