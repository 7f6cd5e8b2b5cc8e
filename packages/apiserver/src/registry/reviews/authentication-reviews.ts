import { badRequest } from '@coracle/api/meta/status';
import { now } from '@coracle/api/meta/time';
import type {
  UserInfo as ReviewedUser,
  SelfSubjectReview,
  TokenReview,
  TokenReviewStatus,
} from '@coracle/api/types/authentication/v1';
import { InvalidCredential, type TokenAuthenticator } from '../../chain/authentication/authenticator.ts';
import { tokenIn } from '../../chain/authentication/bearer-token.ts';
import { withAuthenticatedGroup } from '../../chain/authentication/index.ts';
import type { UserInfo } from '../../chain/link.ts';
import type { HookTable } from '../strategy.ts';

const group = 'authentication.k8s.io';

/**
 * Answers the questions whose token this is (TokenReview; how kubelets and other servers delegate authentication) and who the asker
 * is (SelfSubjectReview). `apiAudiences` are those of tokens for this server.
 */
export function authenticationReviewHooks(
  tokens: () => TokenAuthenticator,
  apiAudiences: readonly string[],
): HookTable {
  return {
    [`tokenreviews.${group}`]: {
      async answer(object) {
        const review = object as TokenReview;
        const { token = '', audiences = [] } = review.spec ?? {};
        if (token === '') throw badRequest('token is required for TokenReview in authentication');
        return { ...review, status: await statusOf(tokens(), token, audiences, apiAudiences) } as TokenReview;
      },
    },
    [`selfsubjectreviews.${group}`]: {
      async answer({ apiVersion, kind }, { user }) {
        const status = { userInfo: shown(user) };
        return { apiVersion, kind, metadata: { creationTimestamp: now() }, status } as SelfSubjectReview;
      },
    },
  };
}

async function statusOf(
  tokens: TokenAuthenticator,
  token: string,
  wanted: readonly string[],
  apiAudiences: readonly string[],
): Promise<TokenReviewStatus> {
  const audiences = wanted.length > 0 ? wanted : apiAudiences;
  // As upstream, which asks as if the token came with a request: what follows a space is no part of it.
  const seen = tokenIn(`Bearer ${token}`);
  if (seen === undefined) return { user: {} };
  try {
    const found = await tokens.authenticateToken(seen, audiences);
    if (!found) return { error: 'invalid bearer token', user: {} };
    return {
      authenticated: true,
      user: shown(withAuthenticatedGroup(found.user)),
      ...(found.audiences?.length ? { audiences: [...found.audiences] } : {}),
    };
  } catch (error) {
    if (!(error instanceof InvalidCredential)) throw error;
    return { error: `[invalid bearer token, ${error.message}]`, user: {} };
  }
}

/** A user in the form of the API. */
export function shown({ name, uid = '', groups, extra = {} }: UserInfo): ReviewedUser {
  const copied = Object.entries(extra).map(([key, values]): [string, string[]] => [key, [...values]]);
  return {
    ...(name === '' ? {} : { username: name }),
    ...(uid === '' ? {} : { uid }),
    ...(groups.length > 0 ? { groups: [...groups] } : {}),
    ...(copied.length > 0 ? { extra: Object.fromEntries(copied) } : {}),
  };
}
