import { configMap } from '@coracle/api/core/v1/configmap';
import { namespace } from '@coracle/api/core/v1/namespace';
import { deepEqual } from '@coracle/api/meta/object';
import { isAlreadyExists, isNotFound } from '@coracle/api/meta/status';
import { defineController, mapped, own } from '../../controller.ts';
import { isNamespaceTerminating } from '../../pods.ts';

const name = 'kube-root-ca.crt';
const descriptionAnnotation = 'kubernetes.io/description';
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/** Publishes the API server's authority in every namespace, where service account volumes take it from. */
export const rootCaPublisher = defineController({
  name: 'root-ca-certificate-publisher-controller',
  aliases: ['root-ca-cert-publisher'],
  serviceAccount: 'root-ca-cert-publisher',
  workers: () => 1,
  disabled: ({ rootCa }) => (rootCa === undefined ? '--root-ca-file is not set' : undefined),
  watches: [
    own(namespace),
    mapped(configMap, (it) => [it.metadata.namespace!], { selection: { fieldSelector: `metadata.name=${name}` } }),
  ],

  async reconcile(key, { listers, client, settings }) {
    const it = listers.get(namespace, key);
    if (!it || it.status?.phase === 'Terminating' || it.metadata.deletionTimestamp) return;
    const data = { 'ca.crt': settings.rootCa! };
    const existing = listers.get(configMap, `${key}/${name}`);
    const annotations = { ...existing?.metadata.annotations, [descriptionAnnotation]: description };
    try {
      if (!existing) await client.create(configMap, { metadata: { name, namespace: key, annotations }, data });
      else if (!deepEqual(existing.data, data) || !deepEqual(existing.metadata.annotations, annotations)) {
        await client.update(configMap, { ...existing, metadata: { ...existing.metadata, annotations }, data });
      }
    } catch (error) {
      // A map that is there already but not in the cache yet comes by its own event, as does one that is gone again.
      if (!isAlreadyExists(error) && !isNotFound(error) && !isNamespaceTerminating(error)) throw error;
    }
  },
});
