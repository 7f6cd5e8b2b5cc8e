import type { Authorizer } from '../chain/authorization/authorizer.ts';
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './certificates.ts';
import { defaultIngressClass } from './default-ingress-class.ts';
import { defaultStorageClass } from './default-storage-class.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction/plugin.ts';
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts';
import type { AdmissionPlugin } from './plugin.ts';
import { mutatingPolicies } from './policy/mutating.ts';
import type { PolicySurroundings } from './policy/policies.ts';
import { validatingPolicies } from './policy/validating.ts';
import { priority } from './priority.ts';
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
}

interface Entry {
  readonly name: string;
  readonly byDefault: boolean;
  /** Absent where the plugin acts only on objects of kinds this server does not serve, so that it has nothing to do. */
  readonly make?: (options: AdmissionOptions) => AdmissionPlugin | undefined;
  /** The plugin would do something, and we do not have it: enabling it is refused. */
  readonly missing?: true;
}

/** All plugins of upstream, in the order in which they run. */
const plugins: readonly Entry[] = [
  { name: 'AlwaysAdmit', byDefault: false },
  { name: 'NamespaceAutoProvision', byDefault: false, missing: true },
  { name: 'NamespaceLifecycle', byDefault: true, make: namespaceLifecycle },
  { name: 'NamespaceExists', byDefault: false, missing: true },
  { name: 'LimitPodHardAntiAffinityTopology', byDefault: false, missing: true },
  { name: 'LimitRanger', byDefault: true },
  { name: 'ServiceAccount', byDefault: true, make: serviceAccounts },
  { name: 'NodeRestriction', byDefault: false, make: () => nodeRestriction },
  { name: 'TaintNodesByCondition', byDefault: true, make: () => taintNodesByCondition },
  { name: 'AlwaysPullImages', byDefault: false, missing: true },
  { name: 'ImagePolicyWebhook', byDefault: false, missing: true },
  { name: 'PodSecurity', byDefault: false, missing: true },
  { name: 'PodNodeSelector', byDefault: false, missing: true },
  { name: 'Priority', byDefault: true, make: () => priority },
  {
    name: 'DefaultTolerationSeconds',
    byDefault: true,
    make: ({ tolerationSeconds }) => defaultTolerationSeconds(tolerationSeconds),
  },
  { name: 'PodTolerationRestriction', byDefault: false, missing: true },
  { name: 'EventRateLimit', byDefault: false, missing: true },
  { name: 'ExtendedResourceToleration', byDefault: false, missing: true },
  { name: 'DefaultStorageClass', byDefault: true, make: () => defaultStorageClass },
  { name: 'StorageObjectInUseProtection', byDefault: true, make: () => storageObjectInUseProtection },
  { name: 'OwnerReferencesPermissionEnforcement', byDefault: false, missing: true },
  { name: 'PersistentVolumeClaimResize', byDefault: true, make: () => persistentVolumeClaimResize },
  { name: 'RuntimeClass', byDefault: true, make: () => runtimeClass },
  { name: 'CertificateApproval', byDefault: true, make: ({ authorizer }) => certificateApproval(authorizer) },
  { name: 'CertificateSigning', byDefault: true, make: ({ authorizer }) => certificateSigning(authorizer) },
  { name: 'ClusterTrustBundleAttest', byDefault: true },
  { name: 'CertificateSubjectRestriction', byDefault: true, make: () => certificateSubjectRestriction },
  { name: 'DefaultIngressClass', byDefault: true, make: () => defaultIngressClass },
  { name: 'DenyServiceExternalIPs', byDefault: false, missing: true },
  {
    name: 'MutatingAdmissionPolicy',
    byDefault: true,
    make: ({ authorizer, policies }) => policies && mutatingPolicies({ ...policies, authorizer }),
  },
  { name: 'MutatingAdmissionWebhook', byDefault: true, make: (options) => mutatingWebhooks(webhooksOf(options)) },
  {
    name: 'ValidatingAdmissionPolicy',
    byDefault: true,
    make: ({ authorizer, policies }) => policies && validatingPolicies({ ...policies, authorizer }),
  },
  { name: 'ValidatingAdmissionWebhook', byDefault: true, make: (options) => validatingWebhooks(webhooksOf(options)) },
  { name: 'ResourceQuota', byDefault: true },
  { name: 'AlwaysDeny', byDefault: false, missing: true },
];

/** The names `--enable-admission-plugins` and `--disable-admission-plugins` know, in order. */
export const admissionPluginNames: readonly string[] = plugins.map(({ name }) => name);

/** The plugins that run without any flag, in order. */
export const defaultAdmissionPlugins: readonly string[] = plugins
  .filter(({ byDefault }) => byDefault)
  .map(({ name }) => name);

/**
 * The plugins of a server, in the order in which they run. Throws on a name that is no plugin's, that is both enabled and disabled,
 * or of a plugin that is not implemented.
 */
export function builtinAdmission(options: AdmissionOptions): AdmissionPlugin[] {
  const { enable = [], disable = [] } = options;
  for (const name of [...enable, ...disable]) {
    if (!admissionPluginNames.includes(name)) throw new Error(`unknown admission plugin ${JSON.stringify(name)}`);
  }
  const both = enable.filter((name) => disable.includes(name));
  if (both.length > 0)
    throw new Error(`${both.join(', ')} in enable-admission-plugins and disable-admission-plugins overlapped`);
  return plugins.flatMap(({ name, byDefault, make, missing }) => {
    const on = enable.includes(name) || (byDefault && !disable.includes(name));
    if (on && missing) throw new Error(`admission plugin ${JSON.stringify(name)} is not implemented`);
    return (on && make?.(options)) || [];
  });
}

function webhooksOf({ webhooks, authorizer }: AdmissionOptions): WebhookSurroundings {
  if (!webhooks) throw new Error('the plugins of admission webhooks are on, and have nothing to call webhooks with');
  return { ...webhooks, authorizer };
}
