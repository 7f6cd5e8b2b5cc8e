import { scheme } from '@coracle/api/builtin';
import { messageOf } from '@coracle/api/meta/message-of';
import type { Check, Checks } from '@coracle/process/checks';
import type { FlagValues } from '@coracle/process/flags';
import { type QueueMetrics, workQueueMetrics } from '@coracle/process/work-queue-metrics';
import type { Registry as MetricsRegistry } from 'prom-client';
import { builtinAdmission, configurationParsers } from './admission/builtin.ts';
import type { PluginConfigurations } from './admission/configuration.ts';
import { policyMetrics } from './admission/policy/metrics.ts';
import { PolicyStatus } from './admission/policy/policy-status.ts';
import { webhookMetrics } from './admission/webhook/metrics.ts';
import { Aggregation } from './aggregation/aggregation.ts';
import { ProxyClientCertificate } from './aggregation/client-certificate.ts';
import { LocalRegistration } from './aggregation/registration.ts';
import { audit, auditRefused } from './chain/audit/index.ts';
import { credentialMetrics } from './chain/authentication/credential-metrics.ts';
import { isOidcSet } from './chain/authentication/flags.ts';
import { authentication } from './chain/authentication/index.ts';
import type { OutsideTokens } from './chain/authentication/outside-tokens.ts';
import type { AbacPolicy } from './chain/authorization/abac/policy-file.ts';
import { authorization } from './chain/authorization/index.ts';
import { checkModes } from './chain/authorization/modes.ts';
import { unchanging, type WantedAuthorizer, type WantedAuthorizers } from './chain/authorization/wanted.ts';
import { filterDurations } from './chain/filter-durations.ts';
import { impersonation } from './chain/impersonation/index.ts';
import { impersonationMetrics } from './chain/impersonation/metrics.ts';
import { limitingOf } from './chain/limiting.ts';
import { securityMetrics } from './chain/security-metrics.ts';
import { frontLinksOf } from './chain/serving/flags.ts';
import { conversionMetrics } from './extensions/conversion-metrics.ts';
import { CustomResources } from './extensions/custom-resources.ts';
import { observeFeatures } from './feature-gates.ts';
import type { apiServerFlags } from './flags.ts';
import { Registry } from './registry/registry.ts';
import type { ServiceAllocation } from './registry/services/hooks.ts';
import { servedKinds } from './runtime-config.ts';
import { audiencesOf, authenticatorsOf, authorizerOf, tokenKeysOf, tokensOf } from './security.ts';
import { type ApiServer, createServer, type ServerOptions } from './server.ts';
import { specialsOf } from './specials.ts';
import type { Store } from './storage/store.ts';
import { clusterIpResolver, endpointResolver } from './webhooks/service-resolver.ts';
import { within } from './within.ts';

type Flags = FlagValues<typeof apiServerFlags.flags>;

/** What an API server is put together on. */
export interface AssemblyOptions {
  store: Store;
  metrics: MetricsRegistry;
  log: ServerOptions['log'];
  /** The values of all flags as text: what /flagz shows. */
  texts?: Readonly<Record<string, string>>;
  /** The flags that stood on the command line. */
  changed?: ReadonlySet<string>;
  /** Checks of the health endpoints, given the registry, whether RBAC decides, and the check that all that is built in is registered. */
  checks?: (registry: Registry, rbac: boolean, registered: Check) => { startup: Checks; ready: Checks; ending: Checks };
  /** `host:port` in discovery's answer; the listening address by default. */
  address?: string;
  /** Requests wait for this, health pages aside. */
  started?: Promise<void>;
}

/** An API server's parts, joined: nothing listens and no cache is loaded yet. */
export interface Assembly {
  registry: Registry;
  server: ApiServer;
  /** Whether RBAC decides, so that its default roles are wanted. */
  rbac: boolean;
  /** What Services have of the cluster's ranges. */
  services: ServiceAllocation;
  /** For queues of the server's own. */
  queueMetrics: QueueMetrics;
  /** Hands on what is still to be told to others (audit events); after the last request has ended. */
  close(): Promise<void>;
}

/** Joins storage, authentication, authorization, admission and the special resources as the flags say. Throws on flags that cannot be. */
export async function assemble(flags: Flags, options: AssemblyOptions): Promise<Assembly> {
  const { store, metrics, log } = options;
  const keys = tokenKeysOf(flags);
  const specials = specialsOf(flags, keys, { log, metrics, ...(options.address ? { address: options.address } : {}) });
  const registry = new Registry({
    store,
    scheme,
    isServed: servedKinds(flags['runtime-config'], scheme),
    hooks: specials.hooks,
    eventTtlSeconds: Math.floor(flags['event-ttl'] / 1000),
    log: { warn: (message, details) => log.warn(details, message) },
  });
  const wanted = await authorizersOf(flags, options);
  const { authorizer, rbac } = authorizerOf(wanted, registry, { policies: await policiesOf(flags), metrics });
  const outside = await outsideTokens(flags, options);
  const credentials = credentialMetrics(metrics);
  const tokens = tokensOf(flags, keys, registry, log, credentials, outside?.tokens);
  specials.attach({ objects: registry, kinds: registry.scheme, authorizer, rbac, tokens, store, log });
  const resolve = (flags['enable-aggregator-routing'] ? endpointResolver : clusterIpResolver)(registry);
  const queueMetrics = workQueueMetrics(metrics);
  const told = { log, queueMetrics };
  registry.follow(new CustomResources(registry, resolve, conversionMetrics(metrics), told));
  registry.follow(new PolicyStatus(registry, told));
  const aggregation = new Aggregation(registry, {
    resolve,
    certificate: new ProxyClientCertificate(
      { cert: flags['proxy-client-cert-file'], key: flags['proxy-client-key-file'] },
      log,
    ),
    refuseRedirects: flags['aggregator-reject-forwarding-redirect'],
    metrics,
    told,
  });
  registry.follow(aggregation);
  const registration = new LocalRegistration(registry, told);
  registry.follow(registration);
  const plugins = builtinAdmission({
    authorizer,
    webhooks: { objects: registry, kinds: () => registry.scheme, resolve, metrics: webhookMetrics(metrics), log },
    policies: { objects: registry, kinds: () => registry.scheme, metrics: policyMetrics(metrics) },
    kinds: () => registry.scheme,
    metrics,
    configurations: await admissionConfigurations(flags),
    enable: flags['enable-admission-plugins'],
    disable: flags['disable-admission-plugins'],
    tolerationSeconds: {
      notReady: flags['default-not-ready-toleration-seconds'],
      unreachable: flags['default-unreachable-toleration-seconds'],
    },
  });
  observeFeatures(metrics);
  const counts = securityMetrics(metrics);
  const timed = filterDurations(metrics);
  const limiting = limitingOf(flags, registry, metrics, log);
  const auditing = isAudited(flags)
    ? (await import('./chain/audit/setup.ts')).auditingOf(flags, metrics, log)
    : undefined;
  const registered = () => registration.check();
  const checks = options.checks?.(registry, rbac !== undefined, registered);
  const server = createServer({
    registry,
    subresources: specials.subresources,
    aggregation,
    pages: specials.pages,
    dumps: limiting.pages,
    links: [
      timed(
        'authentication',
        authentication({
          authenticators: authenticatorsOf(flags, tokens, credentials),
          anonymous: anonymousAllowed(flags, wanted.now, outside, log),
          observe: counts.authenticated,
          refused: (reason) => log.warn({ reason }, 'Unable to authenticate the request'),
        }),
      ),
      ...(auditing ? [timed('audit', audit(auditing))] : []),
      timed('constrainedimpersonation', impersonation(authorizer, impersonationMetrics(metrics))),
      timed(limiting.filter, limiting.link),
      timed('authorization', authorization(authorizer, counts.authorized)),
    ],
    plugins,
    metrics,
    log,
    ...(options.texts ? { flags: options.texts } : {}),
    debugging: flags.profiling,
    // Each line of the log is written before anything else is done: it cannot be blocked while a check is answered.
    live: { log: () => undefined, etcd: answering(store, flags['etcd-healthcheck-timeout']) },
    // Of providers outside, of which there are none: the check is there all the same where the configuration may change.
    working: flags['encryption-provider-config-automatic-reload'] ? { 'kms-providers': () => undefined } : {},
    startup: checks?.startup ?? { 'autoregister-completion': registered },
    ready: { 'etcd-readiness': answering(store, flags['etcd-readycheck-timeout']), ...checks?.ready },
    ...(checks ? { ending: checks.ending } : {}),
    livezGrace: flags['livez-grace-period'],
    front: [...(await frontLinksOf(flags)), ...(auditing ? [auditRefused(auditing)] : [])],
    requestTimeout: flags['request-timeout'],
    watchTimeout: flags['min-request-timeout'] * 1000,
    ...(options.address ? { address: options.address } : {}),
    ...(options.started ? { started: options.started } : {}),
  });
  return {
    registry,
    server,
    rbac: rbac !== undefined,
    services: specials.services,
    queueMetrics,
    async close() {
      wanted.close();
      outside?.close();
      await Promise.all((auditing?.backends ?? []).map((backend) => backend.close()));
    },
  };
}

/** A check that the store answers within `limit` milliseconds. */
function answering(store: Store, limit: number): Check {
  return async () => {
    const late = () => new Error('context deadline exceeded');
    await within(limit, store.revision(), late).catch((error: unknown) => {
      throw new Error(`error getting data from etcd: ${messageOf(error)}`, { cause: error });
    });
  };
}

function isAudited(flags: Flags): boolean {
  return (
    flags['audit-policy-file'] !== '' || flags['audit-log-path'] !== '' || flags['audit-webhook-config-file'] !== ''
  );
}

/** What the configuration file says to admission plugins, loaded only where there is one. */
async function admissionConfigurations(flags: Flags): Promise<PluginConfigurations> {
  const file = flags['admission-control-config-file'];
  if (file === '') return new Map();
  const { readAdmissionConfiguration } = await import('./admission/configuration-file.ts');
  return readAdmissionConfiguration(file, configurationParsers);
}

/** The authorizers of flags or file; what webhooks need is loaded only where there may be one. */
async function authorizersOf(
  flags: Flags,
  { metrics, log, changed = new Set() }: AssemblyOptions,
): Promise<WantedAuthorizers> {
  const files = [flags['authorization-config'], flags['authorization-webhook-config-file']];
  if (files.every((file) => file === '') && !flags['authorization-mode'].includes('Webhook')) {
    checkModes(flags);
    return unchanging(flags['authorization-mode'].map((type) => ({ type, name: type.toLowerCase() })));
  }
  return (await import('./chain/authorization/setup.ts')).wantedAuthorizers(flags, changed, { metrics, log });
}

/** What mode ABAC goes by, loaded only where there is a file. */
async function policiesOf(flags: Flags): Promise<readonly AbacPolicy[]> {
  const file = flags['authorization-policy-file'];
  return file === '' ? [] : (await import('./chain/authorization/abac/policy-file.ts')).readPolicyFile(file);
}

/** Tokens that others issue or know, loaded only where there are any. */
async function outsideTokens(
  flags: Flags,
  { metrics, log, changed }: AssemblyOptions,
): Promise<OutsideTokens | undefined> {
  const files = [flags['authentication-config'], flags['authentication-token-webhook-config-file']];
  if (files.every((file) => file === '') && !isOidcSet(flags)) return undefined;
  const { outsideTokensOf } = await import('./chain/authentication/outside-tokens.ts');
  return outsideTokensOf(flags, {
    own: flags['service-account-issuer'],
    audiences: audiencesOf(flags),
    anonymousByFlag: changed?.has('anonymous-auth') === true,
    metrics,
    log,
  });
}

/**
 * Where requests without credentials are let in. Where everything is allowed, at least everybody must say who they are: AlwaysAllow switches
 * anonymous requests off, as upstream does.
 */
function anonymousAllowed(
  flags: Flags,
  wanted: readonly WantedAuthorizer[],
  outside: OutsideTokens | undefined,
  log: ServerOptions['log'],
): (path: string) => boolean {
  const isEverythingAllowed = wanted.some(({ type }) => type === 'AlwaysAllow');
  if (isEverythingAllowed && (outside?.anonymous()?.enabled ?? flags['anonymous-auth'])) {
    log.warn({}, 'AnonymousAuth is not allowed with the AlwaysAllow authorizer. Resetting AnonymousAuth to false.');
  }
  return (path) => {
    const { enabled, conditions } = outside?.anonymous() ?? { enabled: flags['anonymous-auth'], conditions: [] };
    if (!enabled || isEverythingAllowed) return false;
    return conditions.length === 0 || conditions.some((each) => each.path === path);
  };
}
