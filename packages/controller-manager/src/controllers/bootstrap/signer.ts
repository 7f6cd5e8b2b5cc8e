import {
  clusterInfo,
  clusterInfoKubeconfigKey,
  detachedSignature,
  signatureKey,
  signaturesOf,
} from '@coracle/api/bootstrap/cluster-info';
import {
  bootstrapTokenNamespace,
  bootstrapTokenType,
  hasUsage,
  secretText,
  tokenIdOf,
  tokenKeys,
} from '@coracle/api/bootstrap/token';
import { configMap } from '@coracle/api/core/v1/configmap';
import { secret as secretKind } from '@coracle/api/core/v1/secret';
import { deepEqual } from '@coracle/api/meta/object';
import { isNotFound } from '@coracle/api/meta/status';
import type { Secret } from '@coracle/api/types/core/v1';
import { defineController, mapped } from '../../controller.ts';
import { expiryOf } from './expiry.ts';

const infoKey = `${clusterInfo.namespace}/${clusterInfo.name}`;

/** Keeps the signatures of kube-public/cluster-info: one by each token that may sign, none by any other. */
export const bootstrapSignerController = defineController({
  name: 'bootstrap-signer-controller',
  aliases: ['bootstrapsigner'],
  serviceAccount: 'bootstrap-signer',
  offByDefault: true,
  workers: () => 1,
  watches: [
    mapped(configMap, () => [infoKey], {
      selection: { namespace: clusterInfo.namespace, fieldSelector: `metadata.name=${clusterInfo.name}` },
    }),
    mapped(secretKind, () => [infoKey], {
      selection: { namespace: bootstrapTokenNamespace, fieldSelector: `type=${bootstrapTokenType}` },
    }),
  ],

  async reconcile(key, { client, listers, enqueue }) {
    const info = listers.get(configMap, infoKey);
    const content = info?.data?.[clusterInfoKubeconfigKey];
    if (!info || content === undefined) return;
    const now = Date.now();
    const signers = listers.list(secretKind, bootstrapTokenNamespace).filter((each) => maySign(each, now));
    const signatures = Object.fromEntries(
      signers.map((each) => {
        const id = secretText(each, tokenKeys.id);
        const token = { id, secret: secretText(each, tokenKeys.secret) };
        return [signatureKey(id), detachedSignature(content, token)];
      }),
    );
    const present = signaturesOf(info);
    if (!deepEqual(present, signatures)) {
      const others = Object.entries(info.data ?? {}).filter(([name]) => !Object.hasOwn(present, name));
      try {
        await client.update(configMap, { ...info, data: { ...Object.fromEntries(others), ...signatures } });
      } catch (error) {
        if (!isNotFound(error)) throw error; // deleted meanwhile: its event tells
      }
    }
    // A token that expires signs no more, whether or not somebody deletes it.
    const next = Math.min(...signers.map(expiryOf));
    if (Number.isFinite(next)) enqueue(key, next - now + 1);
  },
});

function maySign(secret: Secret, now: number): boolean {
  const id = tokenIdOf(secret.metadata.name!);
  return (
    id !== undefined &&
    secretText(secret, tokenKeys.id) === id &&
    secretText(secret, tokenKeys.secret) !== '' &&
    hasUsage(secret, 'signing') &&
    expiryOf(secret) >= now
  );
}
