import { bootstrapTokenNamespace, bootstrapTokenType } from '@coracle/api/bootstrap/token';
import { secret as secretKind } from '@coracle/api/core/v1/secret';
import { isConflict, isNotFound } from '@coracle/api/meta/status';
import { defineController, own } from '../../controller.ts';
import { expiryOf } from './expiry.ts';

/** Deletes the Secrets of bootstrap tokens that have expired. */
export const tokenCleanerController = defineController({
  name: 'token-cleaner-controller',
  aliases: ['tokencleaner'],
  serviceAccount: 'token-cleaner',
  offByDefault: true,
  workers: () => 1,
  watches: [
    own(secretKind, {
      selection: { namespace: bootstrapTokenNamespace, fieldSelector: `type=${bootstrapTokenType}` },
    }),
  ],

  async reconcile(key, { client, listers, enqueue, log }) {
    const secret = listers.get(secretKind, key);
    if (!secret) return;
    const left = expiryOf(secret) - Date.now();
    if (left >= 0) {
      if (Number.isFinite(left)) enqueue(key, left + 1);
      return;
    }
    const { name, namespace, uid } = secret.metadata;
    log.info({ secret: key }, 'Deleting expired secret');
    try {
      await client.delete(secretKind, name!, namespace, { preconditions: { uid } });
    } catch (error) {
      // Gone already, or another one of that name: its event brings it here again.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  },
});
