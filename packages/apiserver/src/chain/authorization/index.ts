import { sendPlainError } from '../../endpoints/response.ts';
import { annotate } from '../audit/record.ts';
import type { Link, RequestContext } from '../link.ts';
import type { User } from '../user.ts';
import type { Attributes, Authorizer, Decision } from './authorizer.ts';
import { forbiddenRequest, refused } from './forbidden.ts';
import { narrowedTo } from './selectors.ts';

/** What a request asks leave for, from its method and path. */
export function attributesOf({ info }: Pick<RequestContext, 'info'>, user: User): Attributes {
  if (!info.isResourceRequest) return { user, verb: info.verb, path: info.path };
  return {
    user,
    verb: info.verb,
    group: info.apiGroup,
    version: info.apiVersion,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name,
    ...narrowedTo(info),
  };
}

/** The link that refuses with 403 what no authorizer allows. `observe` is told each decision, and the time it took. */
export function authorization(authorizer: Authorizer, observe?: (decision: Decision, seconds: number) => void): Link {
  return async (context, next) => {
    const attributes = attributesOf(context, context.user);
    const begun = performance.now();
    const decision = await authorizer.authorize(attributes);
    observe?.(decision, (performance.now() - begun) / 1000);
    if (decision.decision !== 'allow' && decision.failure !== undefined) {
      annotate(context, 'authorization.k8s.io/reason', 'internal error');
      return sendPlainError(context, decision.failure);
    }
    annotate(context, 'authorization.k8s.io/decision', decision.decision === 'allow' ? 'allow' : 'forbid');
    annotate(context, 'authorization.k8s.io/reason', decision.reason);
    if (decision.decision !== 'allow') throw refused(context, forbiddenRequest(attributes, decision.reason));
    await next();
  };
}
