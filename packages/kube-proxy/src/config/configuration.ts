import type { ConntrackConfiguration } from '../conntrack/sysctl.ts';
import type { DetectLocalMode } from '../model/local-traffic.ts';

/** A KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1) with every default filled in. Times are milliseconds. */
export interface ProxyConfiguration {
  bindAddress: string;
  bindAddressHardFail: boolean;
  clientConnection: { kubeconfig: string; qps: number; burst: number };
  clusterCIDR: string;
  conntrack: ConntrackConfiguration;
  detectLocal: { bridgeInterface: string; interfaceNamePrefix: string };
  detectLocalMode: DetectLocalMode;
  /** `address:port`; empty serves nothing. */
  healthzBindAddress: string;
  metricsBindAddress: string;
  hostnameOverride: string;
  mode: 'nftables';
  nftables: { masqueradeAll: boolean; masqueradeBit: number; minSyncPeriod: number; syncPeriod: number };
  /** `primary` alone, or CIDRs. */
  nodePortAddresses: readonly string[];
  oomScoreAdj: number | undefined;
}

/**
 * What holds without a configuration file. As upstream's, but for the mode (nftables is the only one) and the metrics server, which
 * listens without authentication and so only where it is asked to.
 */
export function defaultConfiguration(): ProxyConfiguration {
  return {
    bindAddress: '0.0.0.0',
    bindAddressHardFail: false,
    clientConnection: { kubeconfig: '', qps: 0, burst: 0 },
    clusterCIDR: '',
    conntrack: {
      maxPerCore: 32_768,
      min: 131_072,
      tcpEstablishedTimeout: 86_400_000,
      tcpCloseWaitTimeout: 3_600_000,
      udpTimeout: 0,
      udpStreamTimeout: 0,
      tcpBeLiberal: false,
    },
    detectLocal: { bridgeInterface: '', interfaceNamePrefix: '' },
    detectLocalMode: 'ClusterCIDR',
    healthzBindAddress: '0.0.0.0:10256',
    metricsBindAddress: '',
    hostnameOverride: '',
    mode: 'nftables',
    nftables: { masqueradeAll: false, masqueradeBit: 14, minSyncPeriod: 1_000, syncPeriod: 30_000 },
    nodePortAddresses: ['primary'],
    oomScoreAdj: undefined,
  };
}
