import type { TokenKey } from '@coracle/process/token-keys';

/** What the manager's flags ask of the controllers. Durations are in milliseconds. */
export interface Settings {
  /** How many keys each controller works on at once, by its name; others use their default. */
  workers: Readonly<Record<string, number>>;
  nodeMonitorPeriod: number;
  nodeMonitorGracePeriod: number;
  nodeStartupGracePeriod: number;
  nodeEvictionRate: number;
  secondaryNodeEvictionRate: number;
  unhealthyZoneThreshold: number;
  largeClusterSizeThreshold: number;
  allocateNodeCidrs: boolean;
  clusterCidrs: readonly string[];
  /** Kept out of the node ranges where they overlap. */
  serviceClusterIpRange: string;
  nodeCidrMaskSize: number | undefined;
  nodeCidrMaskSizeIpv4: number | undefined;
  nodeCidrMaskSizeIpv6: number | undefined;
  terminatedPodGcThreshold: number;
  maxEndpointsPerSlice: number;
  enableGarbageCollector: boolean;
  /** How long (ms) a token that a control plane of old put into a Secret may go unused before it is not taken, and then before it is deleted. */
  legacyTokenCleanUpPeriod: number;
  /** PEM, published in each namespace as kube-root-ca.crt. */
  rootCa: string | undefined;
  /** `--service-account-private-key-file`: signs the tokens that Secrets hold. */
  tokenKey: TokenKey | undefined;
  /** What signs certificate requests, by signer. */
  signers: Readonly<Record<string, SignerFiles | undefined>>;
  clusterSigningDuration: number;
  namespaceSyncPeriod: number;
  /** Time between two counts of all quotas. */
  resourceQuotaSyncPeriod: number;
  /** How long (ms) after its deletion a namespace is emptied, so that all API servers have seen it terminate. */
  namespaceDeletionGracePeriod: number;
}

/** The authority of a signer. */
export interface SignerFiles {
  certFile: string;
  keyFile: string;
}

/** Upstream's defaults; tests change what they need. */
export const defaultSettings: Settings = {
  workers: {},
  nodeMonitorPeriod: 5_000,
  nodeMonitorGracePeriod: 50_000,
  nodeStartupGracePeriod: 60_000,
  nodeEvictionRate: 0.1,
  secondaryNodeEvictionRate: 0.01,
  unhealthyZoneThreshold: 0.55,
  largeClusterSizeThreshold: 50,
  allocateNodeCidrs: false,
  clusterCidrs: [],
  serviceClusterIpRange: '',
  nodeCidrMaskSize: undefined,
  nodeCidrMaskSizeIpv4: undefined,
  nodeCidrMaskSizeIpv6: undefined,
  terminatedPodGcThreshold: 12_500,
  maxEndpointsPerSlice: 100,
  enableGarbageCollector: true,
  legacyTokenCleanUpPeriod: 365 * 24 * 60 * 60_000,
  rootCa: undefined,
  tokenKey: undefined,
  signers: {},
  clusterSigningDuration: 365 * 24 * 60 * 60_000,
  namespaceSyncPeriod: 5 * 60_000,
  resourceQuotaSyncPeriod: 5 * 60_000,
  namespaceDeletionGracePeriod: 5_000,
};
