import { namespace } from '@coracle/api/core/v1/namespace';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import { isAlreadyExists } from '@coracle/api/meta/status';
import { defineController, mapped, own } from '../../controller.ts';
import { isNamespaceTerminating } from '../../pods.ts';

const name = 'default';

/** Sees to it that every active namespace has the ServiceAccount `default`. */
export const serviceAccountController = defineController({
  name: 'serviceaccount-controller',
  aliases: ['serviceaccount'],
  serviceAccount: 'service-account-controller',
  workers: (settings) => settings.workers.serviceaccount ?? 1,
  watches: [
    own(namespace),
    mapped(serviceAccount, (it) => [it.metadata.namespace!], { selection: { fieldSelector: `metadata.name=${name}` } }),
  ],

  async reconcile(key, { listers, client }) {
    const it = listers.get(namespace, key);
    if (!it || it.status?.phase === 'Terminating' || it.metadata.deletionTimestamp) return;
    if (listers.get(serviceAccount, `${key}/${name}`)) return;
    try {
      await client.create(serviceAccount, { metadata: { name, namespace: key } });
    } catch (error) {
      if (!isAlreadyExists(error) && !isNamespaceTerminating(error)) throw error;
    }
  },
});
