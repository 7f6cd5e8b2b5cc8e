import { isIP } from 'node:net';
import type { ComponentConfigFormat } from '@coracle/process/component-config';
import { durationField } from '@coracle/process/component-config';
import { z } from 'zod';
import type { ProxyConfiguration } from './configuration.ts';
import { defaultConfiguration } from './configuration.ts';
import { clusterCidrProblem, hostPort, nodePortAddressesProblem } from './values.ts';

const base = defaultConfiguration();

/** A refinement from a function that says what is wrong with a value, if anything. */
function unless<T>(problem: (value: T) => string | undefined) {
  return (value: T, context: z.RefinementCtx<T>) => {
    const message = problem(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  };
}

const address = (port: number) =>
  z.string().superRefine(
    unless((text: string) => {
      try {
        hostPort(text, port);
        return undefined;
      } catch (error) {
        return (error as Error).message;
      }
    }),
  );

const clientConnection = z.strictObject({
  kubeconfig: z.string().default(''),
  acceptContentTypes: z.literal(['', 'application/json'], { error: 'only application/json is supported' }).optional(),
  contentType: z.literal(['', 'application/json'], { error: 'only application/json is supported' }).optional(),
  qps: z.number().min(0).default(0),
  burst: z.number().int().min(0).default(0),
});

const count = z.number().int().min(0, 'must be greater than or equal to 0');

const conntrack = z.strictObject({
  maxPerCore: count.default(base.conntrack.maxPerCore),
  min: count.default(base.conntrack.min),
  tcpEstablishedTimeout: durationField.default(base.conntrack.tcpEstablishedTimeout),
  tcpCloseWaitTimeout: durationField.default(base.conntrack.tcpCloseWaitTimeout),
  udpTimeout: durationField.default(0),
  udpStreamTimeout: durationField.default(0),
  tcpBeLiberal: z.boolean().default(false),
});

const nftables = z
  .strictObject({
    masqueradeAll: z.boolean().default(false),
    masqueradeBit: z
      .number()
      .int()
      .min(0)
      .max(31, 'must be within the range [0, 31]')
      .default(base.nftables.masqueradeBit),
    minSyncPeriod: durationField.default(base.nftables.minSyncPeriod),
    syncPeriod: durationField.default(base.nftables.syncPeriod),
  })
  .refine((it) => it.syncPeriod > 0, { path: ['syncPeriod'], message: 'must be greater than 0' })
  .refine((it) => it.syncPeriod >= it.minSyncPeriod, {
    path: ['syncPeriod'],
    message: 'must be greater than or equal to NFTables.MinSyncPeriod',
  });

const schema: z.ZodType<ProxyConfiguration> = z
  .strictObject({
    bindAddress: z
      .string()
      .refine((text) => isIP(text) !== 0, 'not a valid textual representation of an IP address')
      .default(base.bindAddress),
    bindAddressHardFail: z.boolean().default(false),
    clientConnection: clientConnection.default(base.clientConnection as never),
    clusterCIDR: z.string().superRefine(unless(clusterCidrProblem)).default(''),
    conntrack: conntrack.default(base.conntrack as never),
    detectLocal: z
      .strictObject({ bridgeInterface: z.string().default(''), interfaceNamePrefix: z.string().default('') })
      .default(base.detectLocal),
    detectLocalMode: z
      .literal(['', 'ClusterCIDR', 'NodeCIDR', 'BridgeInterface', 'InterfaceNamePrefix'])
      .default('')
      .transform((mode) => mode || base.detectLocalMode),
    healthzBindAddress: address(10_256).default(base.healthzBindAddress),
    metricsBindAddress: address(10_249).default(base.metricsBindAddress),
    hostnameOverride: z.string().default(''),
    mode: z
      .literal(['', 'nftables'], { error: (issue) => `must be nftables, got ${JSON.stringify(issue.input)}` })
      .default('')
      .transform(() => 'nftables' as const),
    nftables: nftables.default(base.nftables as never),
    nodePortAddresses: z
      .array(z.string())
      .superRefine(unless(nodePortAddressesProblem))
      .default([...base.nodePortAddresses]),
    oomScoreAdj: z.number().int().min(-1000).max(1000, 'must be within the range [-1000, 1000]').optional(),
    // Informers here never list again without need, so there is no period to set.
    configSyncPeriod: durationField.optional(),
    enableProfiling: z.literal(false, { error: 'profiling is not supported' }).optional(),
  })
  .transform(({ configSyncPeriod: _period, enableProfiling: _profiling, ...rest }) => ({
    ...rest,
    oomScoreAdj: rest.oomScoreAdj,
    nodePortAddresses: rest.nodePortAddresses.length > 0 ? rest.nodePortAddresses : base.nodePortAddresses,
  }));

/** The format of `kube-proxy --config`. Sections of other modes (iptables, ipvs, winkernel) are refused by name. */
export const configurationFormat: ComponentConfigFormat<ProxyConfiguration> = {
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  schema,
};
