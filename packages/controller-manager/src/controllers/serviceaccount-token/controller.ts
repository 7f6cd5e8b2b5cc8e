import { secret as secretKind } from '@coracle/api/core/v1/secret';
import { serviceAccount as accountKind } from '@coracle/api/core/v1/serviceaccount';
import { keyOf } from '@coracle/api/meta/object';
import { isConflict, isNotFound } from '@coracle/api/meta/status';
import type { Secret, ServiceAccount } from '@coracle/api/types/core/v1';
import { defineController, mapped, type Scope } from '../../controller.ts';
import { legacyToken } from './legacy-token.ts';

const tokenType = 'kubernetes.io/service-account-token';
const accountAnnotation = 'kubernetes.io/service-account.name';
const uidAnnotation = 'kubernetes.io/service-account.uid';
const accountIndex = 'account';

const accountOf = (it: Secret): string | undefined => {
  const name = it.metadata.annotations?.[accountAnnotation];
  return name ? `${it.metadata.namespace}/${name}` : undefined;
};

/** Fills in token Secrets of ServiceAccounts, and deletes those whose ServiceAccount is gone, or was replaced by another of its name. */
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
    if (cached && (!uid || cached.metadata.uid === uid)) return fillIn(it, cached, scope);
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

/** Gives a Secret what it is to hold: a token where it has none, the namespace, and the authorities of the API server as they are now. */
async function fillIn(it: Secret, account: ServiceAccount, { client, settings }: Scope): Promise<void> {
  const { tokenKey, rootCa } = settings;
  if (!tokenKey) return;
  const has = it.data ?? {};
  const authorities = rootCa && Buffer.from(rootCa).toString('base64');
  const data = {
    ...(authorities && has['ca.crt'] !== authorities ? { 'ca.crt': authorities } : {}),
    ...(has['namespace'] ? {} : { namespace: Buffer.from(it.metadata.namespace!).toString('base64') }),
    ...(has['token'] ? {} : { token: Buffer.from(legacyToken(account, it, tokenKey)).toString('base64') }),
  };
  if (Object.keys(data).length === 0) return;
  const named = { [accountAnnotation]: account.metadata.name!, [uidAnnotation]: account.metadata.uid! };
  const metadata = { ...it.metadata, annotations: { ...it.metadata.annotations, ...named } };
  try {
    await client.update(secretKind, { ...it, metadata, data: { ...has, ...data } });
  } catch (error) {
    // It went, or changed: its event brings it here again.
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}

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
