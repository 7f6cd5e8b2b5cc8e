import { unauthorized } from '@coracle/api/meta/status';
import { annotate } from '../audit/record.ts';
import type { Link, RequestContext, UserInfo } from '../link.ts';
import type { SecurityMetrics } from '../security-metrics.ts';
import { endConnection } from '../serving/goaway.ts';
import { anonymousUser, authenticatedGroup, unauthenticatedGroup } from '../user.ts';
import { type Authenticated, type Authenticator, InvalidCredential } from './authenticator.ts';

/** How requests are authenticated. */
export interface AuthenticationOptions {
  /** Asked in order. */
  readonly authenticators: readonly Authenticator[];
  /** Whether requests for a path go on as `system:anonymous` where they carry no credential at all. */
  readonly anonymous: (path: string) => boolean;
  /** Told how attempts went, how long they took, and who the user is. */
  readonly observe?: SecurityMetrics['authenticated'];
  /** Told why credentials were refused. */
  readonly refused?: (reason: string) => void;
}

/**
 * The link that finds out who sends a request and puts it in `context.user`; refuses with 401 who cannot be known. A connection of HTTP/2, on which many
 * requests can be sent and given up for next to nothing, is kept for those alone who say who they are (CVE-2023-44487).
 */
export function authentication(options: AuthenticationOptions): Link {
  return async (context, next) => {
    context.user = await authenticate(context, options).catch((error: unknown) => {
      endConnection(context);
      throw error;
    });
    if (isAnonymous(context.user)) endConnection(context);
    await next();
  };
}

async function authenticate(context: RequestContext, options: AuthenticationOptions): Promise<UserInfo> {
  const { authenticators, anonymous, observe, refused } = options;
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1000;
  const errors: string[] = [];
  for (const authenticator of authenticators) {
    let answer: Authenticated | undefined;
    try {
      answer = await authenticator.authenticate(context);
    } catch (error) {
      if (!(error instanceof InvalidCredential)) throw error;
      errors.push(error.message);
      for (const [key, value] of Object.entries(error.annotations)) annotate(context, key, value);
    }
    if (!answer) continue;
    for (const [key, value] of Object.entries(answer.annotations ?? {})) annotate(context, key, value);
    for (const text of answer.warnings ?? []) context.warnings.add(text);
    observe?.('success', seconds(), answer.user.name);
    return withAuthenticatedGroup(answer.user);
  }
  // A credential that is no good is refused even where none at all would do.
  if (errors.length === 0 && anonymous(context.info.path)) {
    observe?.('success', seconds(), anonymousUser.name);
    return { ...anonymousUser, groups: [...anonymousUser.groups], extra: {} };
  }
  observe?.(errors.length > 0 ? 'error' : 'failure', seconds());
  if (errors.length > 0) refused?.(errors.join(', '));
  throw unauthorized();
}

const isAnonymous = ({ name, groups }: UserInfo): boolean =>
  name === anonymousUser.name || groups.includes(unauthenticatedGroup);

/** Everybody who authenticated is in `system:authenticated`, but whoever was said to be anonymous. */
export function withAuthenticatedGroup(user: UserInfo): UserInfo {
  const { name, groups } = user;
  if (name === anonymousUser.name || groups.includes(authenticatedGroup) || groups.includes(unauthenticatedGroup))
    return user;
  return { ...user, groups: [...user.groups, authenticatedGroup] };
}
