import { decodeJson } from '@coracle/api/codec/json';
import { decodeObject } from '@coracle/api/codec/strict';
import { objectSchemaOf } from '@coracle/api/schema';
import type { SubjectAccessReview, SubjectAccessReviewSpec } from '@coracle/api/types/authorization/v1';
import type { Verdict } from '../../expressions/conditions.ts';
import { type KubeconfigWebhook, mayPass } from '../../webhooks/kubeconfig-webhook.ts';
import { WebhookTimeout } from '../../webhooks/post.ts';
import { withRetries } from '../../webhooks/retries.ts';
import { TtlCache } from '../ttl-cache.ts';
import { type Attributes, type Authorizer, type Decision, noOpinion } from './authorizer.ts';
import { reviewed } from './selectors.ts';
import type { WebhookAuthorizerMetrics } from './webhook-metrics.ts';

const attempts = 5;
const initialBackoff = 500;
const remembered = 8192;
/** Questions longer than this (characters) are not remembered: users choose what they ask for. */
const longestRemembered = 10_000;

/** A webhook that decides what users may do. Times in milliseconds. */
export interface AuthorizationWebhookOptions {
  readonly name: string;
  readonly webhook: KubeconfigWebhook;
  /** `v1` or `v1beta1`, of authorization.k8s.io. */
  readonly version: string;
  /** How long answers are kept; 0: not at all. */
  readonly authorizedTtl: number;
  readonly unauthorizedTtl: number;
  /** What holds while it cannot be asked. */
  readonly failurePolicy: 'NoOpinion' | 'Deny';
  /** Whether it is to be asked at all; by default always. */
  readonly filter?: (spec: SubjectAccessReviewSpec) => Verdict;
  readonly metrics: WebhookAuthorizerMetrics;
}

type Answer = NonNullable<SubjectAccessReview['status']>;

/** `--authorization-mode=Webhook`: asks a webhook by SubjectAccessReview (https://kubernetes.io/docs/reference/access-authn-authz/webhook/). */
export function webhookAuthorizer(options: AuthorizationWebhookOptions): Authorizer {
  const { webhook, version, metrics, name } = options;
  const cache = new TtlCache<Answer>(remembered);

  async function ask(spec: SubjectAccessReviewSpec): Promise<Answer> {
    const asked = {
      kind: 'SubjectAccessReview',
      apiVersion: `authorization.k8s.io/${version}`,
      metadata: {},
      spec: version === 'v1' ? spec : inV1beta1(spec),
      status: { allowed: false },
    };
    const started = performance.now();
    const called = (result: string) => metrics.called(name, result, (performance.now() - started) / 1000);
    try {
      const answer = await withRetries(() => webhook.post(asked), { initialBackoff, mayPass, attempts });
      const { object } = decodeObject<SubjectAccessReview>(
        decodeJson(answer).value,
        objectSchemaOf('authorization/v1.SubjectAccessReview'),
      );
      called('success');
      return object.status ?? { allowed: false };
    } catch (error) {
      called(error instanceof WebhookTimeout ? 'timeout' : 'error');
      throw error;
    }
  }

  const undecided = (failure: string): Decision => ({
    decision: options.failurePolicy === 'Deny' ? 'deny' : 'noOpinion',
    reason: '',
    failure,
  });

  return {
    async authorize(attributes) {
      const spec = specOf(attributes);
      const verdict = options.filter?.(spec) ?? { matches: true };
      if ('error' in verdict) {
        metrics.conditionFailed(name);
        return undecided(verdict.error);
      }
      if (!verdict.matches) {
        metrics.excluded(name);
        return noOpinion;
      }
      const key = JSON.stringify(spec);
      let answer = cache.get(key);
      if (!answer) {
        try {
          answer = await ask(spec);
        } catch (error) {
          if (options.failurePolicy === 'NoOpinion') metrics.failedOpen(name);
          return undecided((error as Error).message);
        }
        const ttl = answer.allowed ? options.authorizedTtl : options.unauthorizedTtl;
        if (key.length <= longestRemembered) cache.set(key, answer, ttl);
      }
      return decisionOf(answer);
    },
    rulesFor: () => ({
      resourceRules: [],
      nonResourceRules: [],
      incomplete: true,
      error: 'webhook authorizer does not support user rule resolution',
    }),
  };
}

function decisionOf({ allowed, denied, reason = '' }: Answer): Decision {
  if (allowed && denied) {
    const failure = 'webhook subject access review returned both allow and deny response';
    return { decision: 'deny', reason, failure };
  }
  return { decision: denied ? 'deny' : allowed ? 'allow' : 'noOpinion', reason };
}

function specOf(attributes: Attributes): SubjectAccessReviewSpec {
  const { user, verb } = attributes;
  const extra = Object.entries(user.extra ?? {}).map(([key, values]): [string, string[]] => [key, [...values]]);
  const who = {
    ...(user.name === '' ? {} : { user: user.name }),
    ...(user.groups.length > 0 ? { groups: [...user.groups] } : {}),
    ...(extra.length > 0 ? { extra: Object.fromEntries(extra) } : {}),
    ...(user.uid ? { uid: user.uid } : {}),
  };
  if (attributes.path !== undefined) return { nonResourceAttributes: { path: attributes.path, verb }, ...who };
  const { namespace, group, version, resource, subresource, name } = attributes;
  const what = Object.entries({ namespace, verb, group, version, resource, subresource, name });
  return {
    resourceAttributes: {
      ...Object.fromEntries(what.filter(([, value]) => value !== '')),
      ...reviewed(attributes),
    },
    ...who,
  };
}

/** The old version has the groups under another name. */
function inV1beta1({ groups, ...spec }: SubjectAccessReviewSpec): object {
  return groups ? { ...spec, group: groups } : spec;
}
