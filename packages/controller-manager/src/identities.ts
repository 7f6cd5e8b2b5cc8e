import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import { isAlreadyExists, isNotFound } from '@coracle/api/meta/status';
import { parseTime } from '@coracle/api/meta/time';
import type { TokenRequest } from '@coracle/api/types/authentication/v1';
import { type Client, connect } from '@coracle/client';
import type { Controller } from './controller.ts';

const namespace = 'kube-system';
const lifetimeSeconds = 3600;
/** A token is renewed when this part of its life is over. */
const renewAt = 0.75;

/**
 * Clients of the controllers, each acting as the controller's ServiceAccount in kube-system with a token that the manager asks for. They
 * share one connection, which carries no client certificate: a certificate would win over the token.
 */
export function serviceAccountClients(
  manager: Client,
  userAgent: string,
): { clientFor(controller: Controller): Client; close(): void } {
  const { certData, certFile, keyData, keyFile, token, tokenFile, username, password, ...server } = manager.config;
  const shared = connect(server);
  return {
    clientFor: (controller) =>
      shared.with({
        userAgent: `${userAgent}/system:serviceaccount:${namespace}:${controller.serviceAccount}`,
        tokenSource: tokenOf(manager, controller.serviceAccount),
      }),
    close: () => shared.close(),
  };
}

/** Gives a service account's token, a fresh one before the old one ends and after it was refused. */
export function tokenOf(manager: Client, name: string): (refused?: string) => Promise<string> {
  let current: { token: string; until: number } | undefined;
  let asking: Promise<string> | undefined;

  async function ask(): Promise<string> {
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {},
      spec: { expirationSeconds: lifetimeSeconds },
    };
    const request = (): Promise<TokenRequest> =>
      manager.subresource<TokenRequest>(serviceAccount, name, namespace, 'token', 'POST', body);
    let answer: TokenRequest;
    try {
      answer = await request();
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await make(manager, name);
      answer = await request();
    }
    const { token, expirationTimestamp } = answer.status ?? {};
    if (!token || !expirationTimestamp) throw new Error(`the server gave no token for the service account ${name}`);
    const now = Date.now();
    current = { token, until: now + (parseTime(expirationTimestamp) - now) * renewAt };
    return token;
  }

  return (refused) => {
    if (current && current.token !== refused && current.until > Date.now()) return Promise.resolve(current.token);
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };
}

async function make(manager: Client, name: string): Promise<void> {
  try {
    await manager.create(serviceAccount, { metadata: { name, namespace } });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
