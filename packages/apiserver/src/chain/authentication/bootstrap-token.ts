import { createHash, timingSafeEqual } from 'node:crypto';
import {
  type BootstrapToken,
  bootstrapTokenNamespace,
  bootstrapTokenType,
  hasUsage,
  parseBootstrapToken,
  secretText,
  tokenExpiry,
  tokenGroups,
  tokenKeys,
  tokenSecretName,
  usageKey,
} from '@coracle/api/bootstrap/token';
import { secret as secretKind } from '@coracle/api/core/v1/secret';
import type { Secret } from '@coracle/api/types/core/v1';
import type { ObjectAccess } from '../../registry/access.ts';
import type { TokenAuthenticator } from './authenticator.ts';

/** What bootstrap tokens are looked up in, and who is told why one was not taken. */
export interface BootstrapTokenOptions {
  readonly objects: Pick<ObjectAccess, 'cached'>;
  readonly log: { warn(details: object, message: string): void };
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * Users by bootstrap token, for `--enable-bootstrap-token-auth`: `system:bootstrap:<id>`, in `system:bootstrappers` and the groups the
 * token's Secret adds (https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/). The Secret is looked up by every
 * request, so a token is good no longer than its Secret says. A token of this form that is not good is left to other authenticators.
 */
export function bootstrapTokens({ objects, log, now = Date.now }: BootstrapTokenOptions): TokenAuthenticator {
  return {
    authenticateToken(text) {
      const token = parseBootstrapToken(text);
      if (!token) return undefined;
      const name = tokenSecretName(token.id);
      const secret = objects.cached(secretKind, name, bootstrapTokenNamespace);
      if (!secret) {
        log.warn({}, `No secret of name ${name} to match bootstrap bearer token`);
        return undefined;
      }
      const problem = problemOf(secret, token, now());
      if (problem !== undefined) {
        log.warn({}, `Bootstrap secret ${bootstrapTokenNamespace}/${name} matching bearer token ${problem}`);
        return undefined;
      }
      return { user: { name: `system:bootstrap:${token.id}`, uid: '', groups: tokenGroups(secret), extra: {} } };
    },
  };
}

/** Why the Secret does not vouch for the token; undefined when it does. */
function problemOf(secret: Secret, token: BootstrapToken, now: number): string | undefined {
  const wrong = (key: string, why = ''): string => `has invalid value for key ${key}${why}.`;
  if (secret.metadata.deletionTimestamp !== undefined) return 'is deleted and awaiting removal';
  if (secret.type !== bootstrapTokenType || !secret.data) return `has invalid type, expected ${bootstrapTokenType}.`;
  if (!sameText(secretText(secret, tokenKeys.secret), token.secret)) return wrong(tokenKeys.secret);
  if (secretText(secret, tokenKeys.id) !== token.id) return wrong(tokenKeys.id);
  try {
    if ((tokenExpiry(secret) ?? Number.POSITIVE_INFINITY) < now) return 'has expired.';
  } catch (error) {
    return wrong(tokenKeys.expiration, `: ${(error as Error).message}; it is treated as expired`);
  }
  if (!hasUsage(secret, 'authentication')) return `not marked ${usageKey('authentication')}=true.`;
  try {
    tokenGroups(secret);
  } catch (error) {
    return wrong(tokenKeys.extraGroups, `: ${(error as Error).message}`);
  }
  return undefined;
}

/** Compares in a time that does not tell how much of a guess was right. */
function sameText(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
