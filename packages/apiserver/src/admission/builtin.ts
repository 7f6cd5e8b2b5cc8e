import { goQuoted } from '@coracle/api/codec/go-text';
import type { AnyKind } from '@coracle/api/kind';
import { aggregate } from '@coracle/api/meta/status';
import { UsageError } from '@coracle/process/program';
import { Registry as MetricsRegistry } from 'prom-client';
import type { Authorizer } from '../chain/authorization/authorizer.ts';
import type { CredentialsFor } from '../webhooks/credentials.ts';
import { alwaysAdmit, alwaysDenyEverything } from './always.ts';
import { alwaysPullImages } from './always-pull-images.ts';
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './certificates.ts';
import type { ConfigurationParser, PluginConfigurations } from './configuration.ts';
import { notMade, type Parsers } from './configuration-file.ts';
import { defaultIngressClass } from './default-ingress-class.ts';
import { defaultStorageClass } from './default-storage-class.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { denyServiceExternalIps } from './deny-service-external-ips.ts';
import { type EventLimit, eventRateLimit } from './event-rate-limit/plugin.ts';
import { extendedResourceToleration } from './extended-resource-toleration.ts';
import { type ImagePolicy, imagePolicyWebhook } from './image-policy/plugin.ts';
import { limitPodHardAntiAffinityTopology } from './limit-pod-hard-anti-affinity-topology.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceAutoProvision } from './namespace-auto-provision.ts';
import { namespaceExists } from './namespace-exists.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeDeclaredFeatureValidator } from './node-declared-feature-validator.ts';
import { nodeRestriction } from './node-restriction/plugin.ts';
import { ownerReferencesPermissionEnforcement } from './owner-references-permission-enforcement.ts';
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts';
import type { AdmissionPlugin } from './plugin.ts';
import { podNodeSelector } from './pod-node-selector/plugin.ts';
import type { NodeSelector } from './pod-node-selector/selector.ts';
import { podResizeValidator } from './pod-resize-validator.ts';
import { podSecurityMetrics } from './pod-security/metrics.ts';
import { type PodSecurityOptions, podSecurity } from './pod-security/plugin.ts';
import { podTolerationRestriction, type TolerationRestriction } from './pod-toleration-restriction/plugin.ts';
import { podTopologyLabels } from './pod-topology-labels.ts';
import { mutatingPolicies } from './policy/mutating.ts';
import type { PolicySurroundings } from './policy/policies.ts';
import { validatingPolicies } from './policy/validating.ts';
import { priority } from './priority.ts';
import type { LimitedResource } from './resource-quota/configuration.ts';
import { resourceQuotas } from './resource-quota/plugin.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccounts } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';
import type { WebhookSurroundings } from './webhook/hooks.ts';
import { mutatingWebhooks } from './webhook/mutating.ts';
import { validatingWebhooks } from './webhook/validating.ts';

/** What plugins are made with. */
export interface AdmissionOptions {
  readonly authorizer: Authorizer;
  /** What webhooks are called with; needed unless their plugins are disabled. */
  readonly webhooks?: Omit<WebhookSurroundings, 'authorizer'>;
  /** What policies are evaluated with; without it, their plugins are left out. */
  readonly policies?: Omit<PolicySurroundings, 'authorizer'>;
  /** `--enable-admission-plugins`: names beyond the default ones. */
  readonly enable?: readonly string[];
  /** `--disable-admission-plugins`. */
  readonly disable?: readonly string[];
  /** Seconds for DefaultTolerationSeconds. */
  readonly tolerationSeconds?: { notReady: number; unreachable: number };
  /** All kinds that are served now; by default none, so that no owner is known whose deletion may be blocked. */
  readonly kinds?: () => Iterable<AnyKind>;
  /** What the configuration file says to plugins. */
  readonly configurations?: PluginConfigurations;
  /** Where plugins count what they do; by default nowhere. */
  readonly metrics?: MetricsRegistry;
}

interface Entry {
  readonly name: string;
  readonly byDefault: boolean;
  /** Absent where the plugin acts only with a feature gate that v1.36 has off, so that it has nothing to do. */
  readonly make?: (options: AdmissionOptions) => AdmissionPlugin | undefined;
  /** How it reads what the configuration file says to it; absent where it takes no configuration. Loaded where there is something to read. */
  readonly parser?: () => Promise<ConfigurationParser<unknown>>;
}

/** An entry of a plugin that takes a configuration. `make` gets what the parser made; undefined: nothing is said to it. */
function configurable<T>(
  name: string,
  byDefault: boolean,
  parser: () => Promise<ConfigurationParser<T>>,
  make: (configuration: T | undefined, options: AdmissionOptions) => AdmissionPlugin | undefined,
): Entry {
  return {
    name,
    byDefault,
    parser,
    // Only this plugin's parser has made what is under its name.
    make: (options) => make(options.configurations?.get(name) as T | undefined, options),
  };
}

/** All plugins of upstream, in the order in which they run. */
const plugins: readonly Entry[] = [
  { name: 'AlwaysAdmit', byDefault: false, make: () => alwaysAdmit },
  { name: 'NamespaceAutoProvision', byDefault: false, make: () => namespaceAutoProvision },
  { name: 'NamespaceLifecycle', byDefault: true, make: namespaceLifecycle },
  { name: 'NamespaceExists', byDefault: false, make: () => namespaceExists },
  { name: 'LimitPodHardAntiAffinityTopology', byDefault: false, make: () => limitPodHardAntiAffinityTopology },
  { name: 'LimitRanger', byDefault: true, make: limitRanger },
  { name: 'ServiceAccount', byDefault: true, make: serviceAccounts },
  { name: 'NodeRestriction', byDefault: false, make: ({ authorizer }) => nodeRestriction(authorizer) },
  { name: 'TaintNodesByCondition', byDefault: true, make: () => taintNodesByCondition },
  { name: 'AlwaysPullImages', byDefault: false, make: () => alwaysPullImages },
  configurable<ImagePolicy>(
    'ImagePolicyWebhook',
    false,
    async () => (await import('./image-policy/configuration.ts')).parseImagePolicy,
    (policy) => imagePolicyWebhook(needed('ImagePolicyWebhook', policy)),
  ),
  configurable<Omit<PodSecurityOptions, 'metrics'>>(
    'PodSecurity',
    true,
    async () => (await import('./pod-security/configuration.ts')).parsePodSecurityConfiguration,
    (configuration, { metrics = new MetricsRegistry() }) =>
      podSecurity({ ...configuration, metrics: podSecurityMetrics(metrics) }),
  ),
  configurable<ReadonlyMap<string, NodeSelector>>(
    'PodNodeSelector',
    false,
    async () => (await import('./pod-node-selector/configuration.ts')).parseNodeSelectors,
    (selectors) => podNodeSelector(selectors),
  ),
  { name: 'Priority', byDefault: true, make: () => priority },
  {
    name: 'DefaultTolerationSeconds',
    byDefault: true,
    make: ({ tolerationSeconds }) => defaultTolerationSeconds(tolerationSeconds),
  },
  configurable<TolerationRestriction>(
    'PodTolerationRestriction',
    false,
    async () => (await import('./pod-toleration-restriction/configuration.ts')).parseTolerationRestriction,
    (restriction) => podTolerationRestriction(restriction),
  ),
  configurable<readonly EventLimit[]>(
    'EventRateLimit',
    false,
    async () => (await import('./event-rate-limit/configuration.ts')).parseEventRateLimits,
    (limits) => {
      if (!limits) throw notMade('EventRateLimit', 'limits: Invalid value: null: must not be empty');
      return eventRateLimit(limits);
    },
  ),
  { name: 'ExtendedResourceToleration', byDefault: false, make: () => extendedResourceToleration },
  { name: 'DefaultStorageClass', byDefault: true, make: () => defaultStorageClass },
  { name: 'StorageObjectInUseProtection', byDefault: true, make: () => storageObjectInUseProtection },
  { name: 'PodGroupProtection', byDefault: true },
  {
    name: 'OwnerReferencesPermissionEnforcement',
    byDefault: false,
    make: ({ authorizer, kinds = () => [] }) => ownerReferencesPermissionEnforcement(authorizer, kinds),
  },
  { name: 'PersistentVolumeClaimResize', byDefault: true, make: () => persistentVolumeClaimResize },
  { name: 'RuntimeClass', byDefault: true, make: () => runtimeClass },
  { name: 'CertificateApproval', byDefault: true, make: ({ authorizer }) => certificateApproval(authorizer) },
  { name: 'CertificateSigning', byDefault: true, make: ({ authorizer }) => certificateSigning(authorizer) },
  { name: 'ClusterTrustBundleAttest', byDefault: true },
  { name: 'CertificateSubjectRestriction', byDefault: true, make: () => certificateSubjectRestriction },
  { name: 'DefaultIngressClass', byDefault: true, make: () => defaultIngressClass },
  { name: 'DenyServiceExternalIPs', byDefault: false, make: () => denyServiceExternalIps },
  { name: 'PodTopologyLabels', byDefault: true, make: () => podTopologyLabels },
  { name: 'PodGroupWorkloadExists', byDefault: true },
  { name: 'NodeDeclaredFeatureValidator', byDefault: true, make: () => nodeDeclaredFeatureValidator },
  { name: 'JobValidation', byDefault: true },
  { name: 'PodResizeValidator', byDefault: true, make: () => podResizeValidator },
  {
    name: 'MutatingAdmissionPolicy',
    byDefault: true,
    make: ({ authorizer, policies }) => policies && mutatingPolicies({ ...policies, authorizer }),
  },
  configurable<CredentialsFor | undefined>('MutatingAdmissionWebhook', true, webhookParser, (credentials, options) =>
    mutatingWebhooks(webhooksOf(options, credentials)),
  ),
  {
    name: 'ValidatingAdmissionPolicy',
    byDefault: true,
    make: ({ authorizer, policies }) => policies && validatingPolicies({ ...policies, authorizer }),
  },
  configurable<CredentialsFor | undefined>('ValidatingAdmissionWebhook', true, webhookParser, (credentials, options) =>
    validatingWebhooks(webhooksOf(options, credentials)),
  ),
  configurable<readonly LimitedResource[]>(
    'ResourceQuota',
    true,
    async () => (await import('./resource-quota/configuration.ts')).parseResourceQuotaConfiguration,
    (limits) => resourceQuotas(limits),
  ),
  { name: 'AlwaysDeny', byDefault: false, make: () => alwaysDenyEverything },
];

/** The names `--enable-admission-plugins` and `--disable-admission-plugins` know, in order. */
export const admissionPluginNames: readonly string[] = plugins.map(({ name }) => name);

/** How each plugin reads what `--admission-control-config-file` says to it. */
export const configurationParsers: Parsers = new Map(plugins.map(({ name, parser }) => [name, parser]));

/** The plugins that run without any flag, in order. */
export const defaultAdmissionPlugins: readonly string[] = plugins
  .filter(({ byDefault }) => byDefault)
  .map(({ name }) => name);

/**
 * The plugins of a server, in the order in which they run. Throws UsageError on a name that is no plugin's, that is both enabled and disabled,
 * or of a plugin that needs a configuration and has none.
 */
export function builtinAdmission(options: AdmissionOptions): AdmissionPlugin[] {
  const { enable = [], disable = [] } = options;
  const errors = [...unknownIn('enable-admission-plugins', enable), ...unknownIn('disable-admission-plugins', disable)];
  const both = [...new Set(enable)].filter((name) => disable.includes(name)).sort();
  if (both.length > 0) {
    errors.push(`[${both.join(' ')}] in enable-admission-plugins and disable-admission-plugins overlapped`);
  }
  if (errors.length > 0) throw new UsageError(aggregate(errors));
  return plugins.flatMap(({ name, byDefault, make }) => {
    const on = enable.includes(name) || (byDefault && !disable.includes(name));
    return (on && make?.(options)) || [];
  });
}

function unknownIn(flag: string, names: readonly string[]): string[] {
  const unknown = names.filter((name) => !admissionPluginNames.includes(name));
  return unknown.map((name) => `${flag} plugin ${goQuoted(name)} is unknown`);
}

function needed<T>(name: string, configuration: T | undefined): T {
  if (configuration !== undefined) return configuration;
  throw notMade(name, 'no config specified');
}

async function webhookParser(): Promise<ConfigurationParser<CredentialsFor | undefined>> {
  return (await import('./webhook/configuration.ts')).parseWebhookAdmissionConfiguration;
}

function webhooksOf(
  { webhooks, authorizer }: AdmissionOptions,
  credentials: CredentialsFor | undefined,
): WebhookSurroundings {
  if (!webhooks) throw new Error('the plugins of admission webhooks are on, and have nothing to call webhooks with');
  return { ...webhooks, authorizer, credentials };
}
