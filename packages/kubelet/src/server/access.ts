import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { Client } from '@coracle/client';
import {
  type Attributes,
  certificateUser,
  type DelegatedAccess,
  delegatedAccess,
  UsageError,
  type User,
} from '@coracle/process';
import type { KubeletConfiguration } from '../config/kubelet-configuration.ts';

/** Who sent a request, and whether they may. */
export interface Access {
  authenticate(request: IncomingMessage): Promise<User | undefined>;
  authorize(user: User, attributes: Attributes): Promise<boolean>;
}

/**
 * The configured authentication and authorization. Throws UsageError when it asks for webhooks and there is no API server to ask.
 */
export function kubeletAccess(
  config: Pick<KubeletConfiguration, 'authentication' | 'authorization'>,
  client: Client | undefined,
): Access {
  const { x509, webhook, anonymous } = config.authentication;
  const allowAll = config.authorization.mode === 'AlwaysAllow';
  if (!client) {
    if (!allowAll) throw new UsageError('no SubjectAccessReview client provided, cannot use webhook authorization');
    if (webhook.enabled) throw new UsageError('no TokenReview client provided, cannot use webhook authentication');
  }
  const delegated: DelegatedAccess | undefined =
    client &&
    delegatedAccess(client, {
      clientCaFile: x509.clientCAFile || undefined,
      anonymous: anonymous.enabled,
      tokenTtl: webhook.cacheTTL,
      allowedTtl: config.authorization.webhook.cacheAuthorizedTTL,
      deniedTtl: config.authorization.webhook.cacheUnauthorizedTTL,
    });
  const local = async (request: IncomingMessage): Promise<User | undefined> => {
    const found = x509.clientCAFile ? certificateUser(request, readFileSync(x509.clientCAFile, 'utf8')) : undefined;
    if (found) return found;
    return anonymous.enabled && !request.headers.authorization
      ? { name: 'system:anonymous', groups: ['system:unauthenticated'] }
      : undefined;
  };
  return {
    authenticate: delegated && webhook.enabled ? delegated.authenticate : local,
    authorize: allowAll || !delegated ? async () => true : delegated.authorize,
  };
}
