import { isIP } from 'node:net';
import { UsageError } from '@coracle/process/program';
import type { ProxyFlags } from '../flags.ts';
import type { DetectLocalMode } from '../model/local-traffic.ts';
import type { ProxyConfiguration } from './configuration.ts';
import { defaultConfiguration } from './configuration.ts';
import { clusterCidrProblem, hostPort, nodePortAddressesProblem } from './values.ts';

/** The configuration in effect: the file's, where there is one, else the flags'. Throws UsageError naming what cannot be. */
export async function configurationOf(flags: ProxyFlags, changed: ReadonlySet<string>): Promise<ProxyConfiguration> {
  const configuration = flags.config === '' ? fromFlags(flags, changed) : await fromFile(flags.config);
  const { detectLocalMode, detectLocal } = configuration;
  if (detectLocalMode === 'BridgeInterface' && detectLocal.bridgeInterface === '') {
    throw new UsageError('detectLocal.bridgeInterface: Required value: needed by detectLocalMode BridgeInterface');
  }
  if (detectLocalMode === 'InterfaceNamePrefix' && detectLocal.interfaceNamePrefix === '') {
    throw new UsageError(
      'detectLocal.interfaceNamePrefix: Required value: needed by detectLocalMode InterfaceNamePrefix',
    );
  }
  const hostnameOverride = flags['hostname-override'] || configuration.hostnameOverride;
  const kubeconfig = configuration.clientConnection.kubeconfig || flags.kubeconfig;
  return {
    ...configuration,
    hostnameOverride,
    clientConnection: { ...configuration.clientConnection, kubeconfig },
  };
}

/** Only a start with a file pays for loading the schemas. */
async function fromFile(path: string): Promise<ProxyConfiguration> {
  const [{ readComponentConfig }, { configurationFormat }] = await Promise.all([
    import('@coracle/process/component-config'),
    import('./configuration-schema.ts'),
  ]);
  return readComponentConfig(path, configurationFormat);
}

const localModes: readonly string[] = ['ClusterCIDR', 'NodeCIDR', 'BridgeInterface', 'InterfaceNamePrefix'];

function fromFlags(flags: ProxyFlags, changed: ReadonlySet<string>): ProxyConfiguration {
  const refuse = (flag: string, value: unknown, problem: string | undefined) => {
    if (problem !== undefined)
      throw new UsageError(`invalid argument ${JSON.stringify(value)} for "--${flag}" flag: ${problem}`);
  };
  const mode = flags['proxy-mode'];
  refuse('proxy-mode', mode, mode === '' || mode === 'nftables' ? undefined : 'must be nftables');
  refuse('cluster-cidr', flags['cluster-cidr'], clusterCidrProblem(flags['cluster-cidr']));
  refuse('nodeport-addresses', flags['nodeport-addresses'], nodePortAddressesProblem(flags['nodeport-addresses']));
  const localMode = flags['detect-local-mode'];
  refuse(
    'detect-local-mode',
    localMode,
    localModes.includes(localMode) ? undefined : `must be ${localModes.join(',')}`,
  );
  const bind = flags['bind-address'];
  refuse('bind-address', bind, isIP(bind) ? undefined : 'not a valid textual representation of an IP address');
  for (const flag of ['healthz-bind-address', 'metrics-bind-address'] as const) {
    try {
      hostPort(flags[flag], 0);
    } catch (error) {
      refuse(flag, flags[flag], (error as Error).message);
    }
  }
  const base = defaultConfiguration();
  return {
    ...base,
    bindAddress: bind,
    bindAddressHardFail: flags['bind-address-hard-fail'],
    clientConnection: {
      kubeconfig: flags.kubeconfig,
      qps: flags['kube-api-qps'],
      burst: flags['kube-api-burst'],
    },
    clusterCIDR: flags['cluster-cidr'],
    conntrack: {
      maxPerCore: flags['conntrack-max-per-core'],
      min: flags['conntrack-min'],
      tcpEstablishedTimeout: flags['conntrack-tcp-timeout-established'],
      tcpCloseWaitTimeout: flags['conntrack-tcp-timeout-close-wait'],
      udpTimeout: flags['conntrack-udp-timeout'],
      udpStreamTimeout: flags['conntrack-udp-timeout-stream'],
      tcpBeLiberal: flags['conntrack-tcp-be-liberal'],
    },
    detectLocal: {
      bridgeInterface: flags['pod-bridge-interface'],
      interfaceNamePrefix: flags['pod-interface-name-prefix'],
    },
    detectLocalMode: localMode as DetectLocalMode,
    healthzBindAddress: flags['healthz-bind-address'],
    metricsBindAddress: flags['metrics-bind-address'],
    nftables: { ...base.nftables, masqueradeAll: flags['masquerade-all'] },
    nodePortAddresses: flags['nodeport-addresses'],
    oomScoreAdj: changed.has('oom-score-adj') ? flags['oom-score-adj'] : undefined,
  };
}
