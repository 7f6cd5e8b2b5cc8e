import { secret as secretKind } from '@coracle/api/core/v1/secret';
import { serviceAccount as accountKind } from '@coracle/api/core/v1/serviceaccount';
import { keyOf } from '@coracle/api/meta/object';
import { isConflict, isNotFound } from '@coracle/api/meta/status';
import type { Secret } from '@coracle/api/types/core/v1';
import { defineController, mapped, type Scope } from '../../controller.ts';

const tokenType = 'kubernetes.io/service-account-token';
const accountAnnotation = 'kubernetes.io/service-account.name';
const uidAnnotation = 'kubernetes.io/service-account.uid';
const accountIndex = 'account';

const accountOf = (it: Secret): string | undefined => {
  const name = it.metadata.annotations?.[accountAnnotation];
  return name ? `${it.metadata.namespace}/${name}` : undefined;
};

/** Deletes token Secrets whose ServiceAccount is gone, or was replaced by another of its name. */
export const serviceAccountTokenController = defineController({
  name: 'serviceaccount-token-controller',
  aliases: ['serviceaccount-token'],
  // It comes before the service accounts that the other controllers act as.
  serviceAccount: '',
  workers: (settings) => settings.workers['serviceaccount-token'] ?? 5,
  watches: [
    mapped(secretKind, (it) => [keyOf(it)], {
      selection: { fieldSelector: `type=${tokenType}` },
      index: [accountIndex, (it) => [accountOf(it) ?? ''].filter(Boolean)],
    }),
    mapped(accountKind, (it, old, scope) =>
      old ? [] : scope.listers.byIndex(secretKind, accountIndex, keyOf(it)).map(keyOf),
    ),
  ],

  async reconcile(key, scope) {
    const it = scope.listers.get(secretKind, key);
    const account = it && accountOf(it);
    if (!it || !account || it.metadata.deletionTimestamp) return;
    const uid = it.metadata.annotations?.[uidAnnotation];
    const cached = scope.listers.get(accountKind, account);
    if (cached && (!uid || cached.metadata.uid === uid)) return;
    if (await stillExists(it, uid, scope)) return;
    const { name, namespace, resourceVersion, uid: own } = it.metadata;
    try {
      await scope.client.delete(secretKind, name!, namespace, { preconditions: { uid: own, resourceVersion } });
    } catch (error) {
      // It went, or changed: its event brings it here again.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  },
});

/** The cache may be behind: the server decides. */
async function stillExists(it: Secret, uid: string | undefined, { client }: Scope): Promise<boolean> {
  try {
    const live = await client.get(accountKind, it.metadata.annotations![accountAnnotation]!, it.metadata.namespace);
    return !uid || live.metadata.uid === uid;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
