import type { Kind, KubeObject } from '@coracle/api/kind';
import { selectorFrom } from '@coracle/api/meta/labels';
import type { Scheme } from '@coracle/api/scheme';
import type { MutatingWebhook, ValidatingWebhook } from '@coracle/api/types/admissionregistration/v1';
import type { Authorizer } from '../../chain/authorization/authorizer.ts';
import type { ObjectAccess } from '../../registry/access.ts';
import type { CredentialsFor } from '../../webhooks/credentials.ts';
import type { RestObserver } from '../../webhooks/rest-metrics.ts';
import type { ServiceResolver } from '../../webhooks/service-resolver.ts';
import type { Criteria } from './matching.ts';

/** A webhook of a configuration, with what is made of it once. */
export interface Hook extends Criteria {
  readonly webhook: ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>;
  readonly configuration: string;
  /** As metrics name the kinds of webhooks: `admit` of those that mutate. */
  readonly type: 'admit' | 'validating';
  /** Names it among all: a configuration may not have two of one name. */
  readonly id: string;
}

/** What a plugin of webhooks needs of the server around it. */
export interface WebhookSurroundings {
  readonly objects: ObjectAccess;
  /** All kinds that are served now. */
  readonly kinds: () => Scheme;
  readonly resolve: ServiceResolver;
  /** What webhooks are shown; by default nothing. */
  readonly credentials?: CredentialsFor | undefined;
  /** What `authorizer` in match conditions asks. */
  readonly authorizer: Authorizer;
  readonly metrics: WebhookMetrics;
  readonly log: { warn(details: object, message: string): void };
}

/** Told how calls of webhooks end. */
export interface WebhookMetrics {
  /** A request to a webhook is over. */
  readonly sent: RestObserver;
  called(call: {
    name: string;
    type: string;
    operation: string;
    code: number;
    rejected: boolean;
    seconds: number;
  }): void;
  rejected(call: { name: string; type: string; operation: string; why: RejectionType; code: number }): void;
  failedOpen(call: { name: string; type: string }): void;
  /** Match conditions left a request out. */
  excluded(call: { name: string; type: string; operation: string }): void;
  /** Match conditions could not tell. */
  conditionFailed(call: { name: string; type: string; operation: string }): void;
}

/** Why a webhook's call refused the request: its answer, the call that failed, or what the server could not do with the answer. */
export type RejectionType = 'no_error' | 'calling_webhook_error' | 'apiserver_internal_error';

interface Configuration extends KubeObject {
  webhooks?: Hook['webhook'][];
}

/** Follows the configurations of one kind; gives their webhooks in the order in which they are called: by the configuration's name, then as listed. */
export function followHooks<T extends Configuration>(
  objects: ObjectAccess,
  kind: Kind<T>,
  hookType: Hook['type'],
): () => readonly Hook[] {
  const byName = new Map<string, readonly Hook[]>();
  let inOrder: readonly Hook[] = [];
  objects.onChange(kind, ({ type, object }) => {
    const { name = '' } = object.metadata;
    if (type === 'deleted') byName.delete(name);
    else byName.set(name, hooksOf(object, hookType));
    inOrder = [...byName.keys()].sort().flatMap((each) => byName.get(each)!);
  });
  return () => inOrder;
}

function hooksOf({ metadata: { name = '' }, webhooks = [] }: Configuration, type: Hook['type']): Hook[] {
  return webhooks.map((webhook) => ({
    webhook,
    configuration: name,
    type,
    id: `${name}/${webhook.name}`,
    rules: webhook.rules ?? [],
    matchPolicy: webhook.matchPolicy,
    namespaceSelector: selectorFrom(webhook.namespaceSelector ?? {}),
    objectSelector: selectorFrom(webhook.objectSelector ?? {}),
  }));
}
