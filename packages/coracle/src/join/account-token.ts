import { secret } from '@coracle/api/core/v1/secret';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import { isNotFound } from '@coracle/api/meta/status';
import type { TokenRequest } from '@coracle/api/types/authentication/v1';
import type { Client } from '@coracle/client';
import { fail } from '../failure.ts';
import { nodeObjects } from './node-settings.ts';

/** Ten years, as long as the cluster's own authorities. */
const lifetimeSeconds = 10 * 365 * 24 * 60 * 60;

/**
 * Gives the Secrets of programs of joined machines their tokens, those that have none: each is bound to its Secret, so that it ends when the Secret
 * is deleted. Throws StatusError.
 */
export async function ensureAccountTokens(client: Client): Promise<void> {
  const { namespace } = nodeObjects;
  for (const { account, token } of [nodeObjects.proxy, nodeObjects.overlay]) {
    const found = await client.get(secret, token, namespace).catch((error) => {
      if (isNotFound(error)) return undefined; // this cluster's overlay needs none
      throw error;
    });
    if (!found || found.data?.['token']) continue;
    const { name, uid } = found.metadata;
    const request: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {},
      spec: {
        audiences: [],
        expirationSeconds: lifetimeSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name, uid },
      },
    };
    const answer = await client.subresource<TokenRequest>(serviceAccount, account, namespace, 'token', 'POST', request);
    const given = answer.status?.token ?? fail(`the API server gave no token for ${namespace}/${account}`);
    await client.patch(secret, token, namespace, {
      type: 'merge',
      body: { data: { token: Buffer.from(given).toString('base64') } },
    });
  }
}
