import { internalError, StatusError } from '@coracle/api/meta/status';
import type { Attributes, Authorizer } from '../authorization/authorizer.ts';
import { refused } from '../authorization/forbidden.ts';
import { attributesOf } from '../authorization/index.ts';
import type { Link, RequestContext, UserInfo } from '../link.ts';
import type { ImpersonationMetrics } from './metrics.ts';
import { type ImpersonationMode, impersonated, impersonationModes } from './mode.ts';
import { takeWish, type Wish } from './wish.ts';

/** How many requestors it is remembered of which mode let them through. */
const remembered = 1024;

/**
 * The link that lets a user act as another, where the `impersonate` verb on users, groups, service accounts, uids and userextras
 * allows each part of it, or the narrower verbs allow it for this request
 * (https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/).
 */
export function impersonation(authorizer: Authorizer, metrics: ImpersonationMetrics): Link {
  const last = new Map<string, ImpersonationMode>();
  const counted = new Map(impersonationModes.map((mode) => [mode, countedFor(mode, authorizer, metrics)]));

  /** Asks the mode that let the requestor through last time first; which one that is decides about nothing else. */
  async function allowed(wish: Wish, attributes: Attributes): Promise<{ user: UserInfo; mode: ImpersonationMode }> {
    const requestor = attributes.user.name;
    const known = last.get(requestor);
    let first: StatusError | undefined;
    for (const mode of known ? [known, ...impersonationModes.filter((each) => each !== known)] : impersonationModes) {
      if (!mode.applies(wish, attributes.user)) continue;
      try {
        const user = await impersonated(mode, wish, attributes, counted.get(mode)!);
        last.delete(requestor);
        last.set(requestor, mode);
        if (last.size > remembered) last.delete(last.keys().next().value!);
        return { user, mode };
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        first ??= error;
      }
    }
    throw first ?? internalError(new Error('all impersonation modes failed'));
  }

  return async (context, next) => {
    const wish = wishOf(context);
    if (wish) {
      const began = performance.now();
      const seconds = () => (performance.now() - began) / 1000;
      const { user, mode } = await allowed(wish, attributesOf(context, context.user)).catch((error: unknown) => {
        metrics.attempted('', 'denied', seconds());
        throw refused(context, error);
      });
      metrics.attempted(mode.name, 'allowed', seconds());
      context.impersonator = context.user;
      context.user = user;
      if (mode.on) context.impersonationConstraint = mode.verb;
    }
    await next();
  };
}

function wishOf(context: RequestContext): Wish | undefined {
  try {
    return takeWish(context.req);
  } catch (error) {
    throw refused(context, error);
  }
}

/** The authorizer, with what a mode asks it counted. */
function countedFor(mode: ImpersonationMode, authorizer: Authorizer, metrics: ImpersonationMetrics): Authorizer {
  return {
    async authorize(attributes) {
      const began = performance.now();
      const decision = await authorizer.authorize(attributes);
      const seconds = (performance.now() - began) / 1000;
      metrics.asked(mode.name, decision.decision === 'allow' ? 'allowed' : 'denied', seconds);
      return decision;
    },
    rulesFor: (user, namespace) => authorizer.rulesFor(user, namespace),
  };
}
