import { readFileSync } from 'node:fs';
import { FlagError } from '@coracle/process/flags';
import { signingKey, type TokenKey } from '@coracle/process/token-keys';
import { concurrency, type ManagerFlags } from './flags.ts';
import { defaultSettings, type Settings, type SignerFiles } from './settings.ts';

/** What the flags ask of the controllers. Throws FlagError for combinations that make no sense; reads the root certificate. */
export function settingsOf(flags: ManagerFlags): Settings {
  if (flags['leader-elect-resource-lock'] !== 'leases') {
    throw new FlagError(
      `resourceLock: Invalid value: ${JSON.stringify(flags['leader-elect-resource-lock'])}: resourceLock must be "leases"`,
    );
  }
  const [gate] = Object.keys(flags['feature-gates']);
  if (gate !== undefined) throw new FlagError(`unrecognized feature gate: ${gate}`);
  const workers: Record<string, number> = {};
  for (const [name, [key]] of Object.entries(concurrency)) {
    const count = (flags as unknown as Record<string, number>)[name]!;
    if (count < 1) throw new FlagError(`${name} must be greater than 0, but got ${count}`);
    workers[key] = count;
  }
  const positive = (value: number): number | undefined => (value > 0 ? value : undefined);
  if (flags['allocate-node-cidrs'] && flags['cluster-cidr'].length === 0) {
    throw new FlagError('--cluster-cidr must be specified when --allocate-node-cidrs is set');
  }
  if (flags['legacy-service-account-token-clean-up-period'] <= 0)
    throw new FlagError('--legacy-service-account-token-clean-up-period must be greater than 0');
  return {
    ...defaultSettings,
    workers,
    nodeMonitorPeriod: flags['node-monitor-period'],
    nodeMonitorGracePeriod: flags['node-monitor-grace-period'],
    nodeStartupGracePeriod: flags['node-startup-grace-period'],
    nodeEvictionRate: flags['node-eviction-rate'],
    secondaryNodeEvictionRate: flags['secondary-node-eviction-rate'],
    unhealthyZoneThreshold: flags['unhealthy-zone-threshold'],
    largeClusterSizeThreshold: flags['large-cluster-size-threshold'],
    allocateNodeCidrs: flags['allocate-node-cidrs'],
    clusterCidrs: flags['cluster-cidr'],
    serviceClusterIpRange: flags['service-cluster-ip-range'],
    nodeCidrMaskSize: positive(flags['node-cidr-mask-size']),
    nodeCidrMaskSizeIpv4: positive(flags['node-cidr-mask-size-ipv4']),
    nodeCidrMaskSizeIpv6: positive(flags['node-cidr-mask-size-ipv6']),
    terminatedPodGcThreshold: flags['terminated-pod-gc-threshold'],
    maxEndpointsPerSlice: flags['max-endpoints-per-slice'],
    enableGarbageCollector: flags['enable-garbage-collector'],
    legacyTokenCleanUpPeriod: flags['legacy-service-account-token-clean-up-period'],
    rootCa: flags['root-ca-file'] === '' ? undefined : rootCa(flags['root-ca-file']),
    tokenKey: tokenKeyOf(flags['service-account-private-key-file']),
    signers: signersOf(flags),
    clusterSigningDuration: flags['cluster-signing-duration'],
    namespaceSyncPeriod: flags['namespace-sync-period'],
    resourceQuotaSyncPeriod: flags['resource-quota-sync-period'],
  };
}

function tokenKeyOf(file: string): TokenKey | undefined {
  if (file === '') return undefined;
  try {
    return signingKey(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new FlagError(`error reading key for service account token controller: ${(error as Error).message}`);
  }
}

function rootCa(file: string): string {
  const pem = readFileSync(file, 'utf8');
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw new FlagError(
      `error parsing root-ca-file at ${file}: data does not contain any valid RSA or ECDSA certificates`,
    );
  }
  return pem;
}

function signersOf(flags: ManagerFlags): Settings['signers'] {
  const pair = (prefix: string): SignerFiles | undefined => {
    const values = flags as unknown as Record<string, string>;
    const certFile = values[`${prefix}-cert-file`]!;
    const keyFile = values[`${prefix}-key-file`]!;
    if ((certFile === '') !== (keyFile === ''))
      throw new FlagError(`--${prefix}-cert-file and --${prefix}-key-file must be given together`);
    return certFile === '' ? undefined : { certFile, keyFile };
  };
  const all = pair('cluster-signing');
  const specific = {
    'kubernetes.io/kube-apiserver-client': pair('cluster-signing-kube-apiserver-client'),
    'kubernetes.io/kube-apiserver-client-kubelet': pair('cluster-signing-kubelet-client'),
    'kubernetes.io/kubelet-serving': pair('cluster-signing-kubelet-serving'),
    'kubernetes.io/legacy-unknown': pair('cluster-signing-legacy-unknown'),
  };
  if (all && Object.values(specific).some(Boolean)) {
    throw new FlagError(
      'cannot specify --cluster-signing-{cert,key}-file and other --cluster-signing-*-file flags at the same time',
    );
  }
  return Object.fromEntries(Object.entries(specific).map(([signer, files]) => [signer, files ?? all]));
}
