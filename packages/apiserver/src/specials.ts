import { readFileSync } from 'node:fs';
import type { Scheme } from '@coracle/api/scheme';
import type { FlagValues } from '@coracle/process/flags';
import { UsageError } from '@coracle/process/program';
import { signingKey } from '@coracle/process/token-keys';
import type { Registry as MetricsRegistry } from 'prom-client';
import { policyHooks } from './admission/policy/hooks.ts';
import { webhookConfigurationHooks } from './admission/webhook/configuration-hooks.ts';
import type { TokenAuthenticator } from './chain/authentication/authenticator.ts';
import { checkTokenFlags } from './chain/authentication/service-account/check-flags.ts';
import { discoveryPages } from './chain/authentication/service-account/discovery.ts';
import { TokenIssuer } from './chain/authentication/service-account/issuer.ts';
import type { Authorizer } from './chain/authorization/authorizer.ts';
import type { RbacIndex } from './chain/authorization/rbac/index.ts';
import { customResourceDefinitionHooks } from './extensions/definition-hooks.ts';
import type { apiServerFlags } from './flags.ts';
import type { Page } from './pages.ts';
import { proxySubresources } from './proxy/subresources.ts';
import type { ObjectAccess } from './registry/access.ts';
import { autoscalerHooks } from './registry/autoscalers.ts';
import { certificateApproval, certificateRequestHooks } from './registry/certificates/hooks.ts';
import { componentStatusHooks } from './registry/component-statuses.ts';
import { deviceHooks } from './registry/devices/hooks.ts';
import { namespaceFinalize, namespaceHooks } from './registry/namespaces.ts';
import { bindingHooks, podBinding } from './registry/pods/binding.ts';
import { podEviction } from './registry/pods/eviction.ts';
import { podHooks } from './registry/pods/hooks.ts';
import { unprivilegedHooks } from './registry/pods/privileged.ts';
import { podSpecPart } from './registry/pods/spec-parts.ts';
import { priorityClassHooks } from './registry/priority-classes.ts';
import { rbacHooks } from './registry/rbac/hooks.ts';
import { accessReviewHooks } from './registry/reviews/access-reviews.ts';
import { authenticationReviewHooks } from './registry/reviews/authentication-reviews.ts';
import { tokenSubresource } from './registry/service-accounts/token.ts';
import { ServiceAllocation } from './registry/services/hooks.ts';
import { observeAllocation } from './registry/services/metrics.ts';
import type { HookTable, SubresourceTable } from './registry/strategy.ts';
import { persistentVolumeHooks } from './registry/volumes/hooks.ts';
import { audiencesOf, type TokenKeys } from './security.ts';
import type { Store } from './storage/store.ts';
import { KubeletClient } from './streaming/kubelet.ts';
import { streamingMetrics } from './streaming/metrics.ts';
import { streamingSubresources } from './streaming/subresources.ts';

type Flags = FlagValues<typeof apiServerFlags.flags>;

/** What specials need of the server, known only once it is put together. */
export interface Surroundings {
  objects: ObjectAccess;
  kinds: Scheme;
  authorizer: Authorizer;
  /** Roles and bindings, where RBAC is on. */
  rbac: RbacIndex | undefined;
  tokens: TokenAuthenticator;
  /** Where Services' node ports are kept. */
  store: Store;
  /** Told of what could not be given back to the Services' ranges. */
  log: { warn(details: object, message: string): void };
}

/** Everything that is special about resources beyond their kinds' declarations: the one table of it. */
export interface Specials {
  hooks: HookTable;
  subresources: SubresourceTable;
  pages: Readonly<Record<string, Page>>;
  /** What Services have of the cluster's ranges. */
  services: ServiceAllocation;
  /** Called once, before the server listens. */
  attach(surroundings: Surroundings): void;
}

/** What specials need from the start. */
export interface SpecialsOptions {
  /** `host:port` at which others reach this server; by default where it listens. */
  address?: string;
  log: Surroundings['log'];
  metrics: MetricsRegistry;
}

export function specialsOf(flags: Flags, keys: TokenKeys, options: SpecialsOptions): Specials {
  let around: Surroundings | undefined;
  const surroundings = (): Surroundings => {
    if (!around) throw new Error('the special resources are not attached to a server yet');
    return around;
  };
  const kubelets = kubeletsOf(flags);
  const services = new ServiceAllocation({
    clusterIpRanges: flags['service-cluster-ip-range'].split(',').map((range) => range.trim()),
    nodePortRange: flags['service-node-port-range'],
    store: () => surroundings().store,
    failed: (message, error) => surroundings().log.warn({ err: error }, message),
  });
  observeAllocation(options.metrics, services);
  const privilege = flags['allow-privileged'] ? {} : unprivilegedHooks;
  return {
    hooks: {
      namespaces: namespaceHooks,
      services: services.hooks,
      pods: podHooks,
      ...privilege,
      bindings: bindingHooks,
      componentstatuses: componentStatusHooks(() => surroundings().store),
      persistentvolumes: persistentVolumeHooks,
      'horizontalpodautoscalers.autoscaling': autoscalerHooks,
      'certificatesigningrequests.certificates.k8s.io': certificateRequestHooks,
      'customresourcedefinitions.apiextensions.k8s.io': customResourceDefinitionHooks,
      ...policyHooks(surroundings),
      'mutatingwebhookconfigurations.admissionregistration.k8s.io': webhookConfigurationHooks,
      'validatingwebhookconfigurations.admissionregistration.k8s.io': webhookConfigurationHooks,
      'priorityclasses.scheduling.k8s.io': priorityClassHooks,
      ...deviceHooks(() => surroundings().authorizer),
      ...rbacHooks(surroundings),
      ...accessReviewHooks(() => surroundings().authorizer),
      ...authenticationReviewHooks(() => surroundings().tokens, audiencesOf(flags)),
    },
    subresources: {
      'namespaces/finalize': namespaceFinalize,
      'pods/binding': podBinding,
      'pods/ephemeralcontainers': podSpecPart,
      'pods/eviction': podEviction,
      'pods/resize': podSpecPart,
      'certificatesigningrequests.certificates.k8s.io/approval': certificateApproval,
      ...tokenSubresources(flags, keys, options),
      ...streamingSubresources(kubelets, () => surroundings().authorizer, streamingMetrics(options.metrics)),
      ...proxySubresources(kubelets),
    },
    pages: issuerPages(flags, keys, options),
    services,
    attach(given) {
      around = given;
      services.follow(given.objects);
    },
  };
}

function kubeletsOf(flags: Flags): KubeletClient {
  const read = (file: string) => (file === '' ? undefined : readFileSync(file, 'utf8'));
  return new KubeletClient({
    certificate: read(flags['kubelet-client-certificate']),
    key: read(flags['kubelet-client-key']),
    authority: read(flags['kubelet-certificate-authority']),
    addressTypes: flags['kubelet-preferred-address-types'],
  });
}

function tokenSubresources(flags: Flags, keys: TokenKeys, { log }: SpecialsOptions): SubresourceTable {
  const issuers = flags['service-account-issuer'];
  const maxExpiration = flags['service-account-max-token-expiration'];
  const extendExpiration = flags['service-account-extend-token-expiration'];
  checkTokenFlags({ issuers, maxExpiration, extendExpiration }, (text) => log.warn({}, text));
  const [issuer] = issuers;
  const { signing } = keys;
  if (signing === undefined && issuer === undefined) return {};
  if (signing === undefined || issuer === undefined) {
    throw new Error('--service-account-signing-key-file and --service-account-issuer are required flags');
  }
  const key = signingKey(signing);
  return {
    'serviceaccounts/token': tokenSubresource({
      issuer: new TokenIssuer(issuer, key),
      apiAudiences: audiencesOf(flags),
      maxExpirationSeconds: Math.floor(maxExpiration / 1000),
      extendExpiration,
    }),
  };
}

/** The pages of the issuer of service account tokens; none where it is no issuer for others. */
function issuerPages(
  flags: Flags,
  { checking: keys }: TokenKeys,
  { address, log }: SpecialsOptions,
): Readonly<Record<string, Page>> {
  const [issuer] = flags['service-account-issuer'];
  const keysUrl = flags['service-account-jwks-uri'];
  if (issuer === undefined && keysUrl !== '') {
    throw new UsageError('service-account-jwks-uri requires service-account-issuer to be set');
  }
  if (issuer === undefined || keys.length === 0) return {};
  try {
    const own = `${flags['bind-address']}:${flags['secure-port']}`;
    return discoveryPages({ issuer, keys, keysUrl, address: address ?? own });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    // Tokens work without: only others cannot check them.
    log.warn({ reason: error.message }, 'ServiceAccountIssuerDiscovery endpoints will not be enabled');
    return {};
  }
}
