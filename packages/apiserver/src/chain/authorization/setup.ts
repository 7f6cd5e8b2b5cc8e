import { readFileSync } from 'node:fs';
import type { FlagValues } from '@coracle/process/flags';
import { UsageError } from '@coracle/process/program';
import { FollowedFile, type FollowedFileOptions } from '../../followed-file.ts';
import { kubeconfigWebhook } from '../../webhooks/kubeconfig-webhook.ts';
import type { Authorizer } from './authorizer.ts';
import { type ConfiguredAuthorizer, readAuthorizationConfig } from './config-file.ts';
import type { authorizationFileFlags } from './flags.ts';
import { checkModes } from './modes.ts';
import { unchanging, type WantedAuthorizer, type WantedAuthorizers } from './wanted.ts';
import { webhookAuthorizer } from './webhook.ts';
import { type WebhookAuthorizerMetrics, webhookAuthorizerMetrics } from './webhook-metrics.ts';

type Flags = FlagValues<typeof authorizationFileFlags> & { readonly 'authorization-mode': readonly string[] };

/** The authorizers of flags or file where webhooks may be among them. Throws UsageError on what cannot be; `given` are the flags that were typed. */
export async function wantedAuthorizers(
  flags: Flags,
  given: ReadonlySet<string>,
  around: Omit<FollowedFileOptions, 'what'>,
): Promise<WantedAuthorizers> {
  const counts = webhookAuthorizerMetrics(around.metrics);
  const file = flags['authorization-config'];
  const modes = flags['authorization-mode'];
  if (file === '') {
    checkModes(flags);
    return unchanging(
      modes.map((type) => ({
        type,
        ...(type === 'Webhook'
          ? { name: 'default', webhook: webhookOfFlags(flags, counts) }
          : { name: type.toLowerCase() }),
      })),
    );
  }
  if ([...given].some((name) => name === 'authorization-mode' || name.startsWith('authorization-webhook-'))) {
    throw new UsageError(
      '--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined',
    );
  }
  const seen = readFileSync(file, 'utf8');
  const now = await configuredIn(file, counts);
  const listeners: ((wanted: readonly WantedAuthorizer[]) => void)[] = [];
  const take = async (): Promise<void> => {
    const next = await configuredIn(file, counts);
    if (localTypes(next) !== localTypes(now)) {
      throw new Error(`authorizers other than webhooks can only be put in another order: ${localTypes(now)}`);
    }
    for (const listener of listeners) listener(next);
  };
  const followed = new FollowedFile(file, seen, take, { what: 'authorization', ...around });
  return {
    now,
    onChange: (listener) => listeners.push(listener),
    reload: () => followed.check(),
    close: () => followed.close(),
  };
}

async function configuredIn(file: string, metrics: WebhookAuthorizerMetrics): Promise<WantedAuthorizer[]> {
  const configured = await readAuthorizationConfig(file);
  return Promise.all(
    configured.map(async ({ type, name, webhook }) => ({
      type,
      name,
      ...(webhook ? { webhook: await webhookOfFile(name, webhook, metrics) } : {}),
    })),
  );
}

function localTypes(wanted: readonly WantedAuthorizer[]): string {
  return wanted
    .flatMap(({ type, webhook }) => (webhook ? [] : [type]))
    .sort()
    .join(', ');
}

function webhookOfFlags(flags: Flags, metrics: WebhookAuthorizerMetrics): Authorizer {
  return webhookAuthorizer({
    name: 'default',
    webhook: kubeconfigWebhook(flags['authorization-webhook-config-file'], { observe: metrics.sent }),
    version: flags['authorization-webhook-version'],
    authorizedTtl: flags['authorization-webhook-cache-authorized-ttl'],
    unauthorizedTtl: flags['authorization-webhook-cache-unauthorized-ttl'],
    failurePolicy: 'NoOpinion',
    metrics,
  });
}

async function webhookOfFile(
  name: string,
  it: NonNullable<ConfiguredAuthorizer['webhook']>,
  metrics: WebhookAuthorizerMetrics,
): Promise<Authorizer> {
  const filter =
    it.matchConditions.length > 0
      ? (await import('./match-conditions.ts')).questionFilter(it.matchConditions)
      : undefined;
  return webhookAuthorizer({
    name,
    ...(filter ? { filter } : {}),
    webhook: kubeconfigWebhook(it.connectionInfo.kubeConfigFile!, { timeout: it.timeout, observe: metrics.sent }),
    version: it.subjectAccessReviewVersion,
    authorizedTtl: it.cacheAuthorizedRequests ? it.authorizedTTL : 0,
    unauthorizedTtl: it.cacheUnauthorizedRequests ? it.unauthorizedTTL : 0,
    failurePolicy: it.failurePolicy === 'Deny' ? 'Deny' : 'NoOpinion',
    metrics,
  });
}
