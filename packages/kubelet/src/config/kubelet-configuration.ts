import { Quantity } from '@coracle/api/meta/quantity';
import { parseDuration } from '@coracle/api/meta/time';
import { z } from 'zod';

/** A Go duration, in milliseconds. */
const duration = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, context) => {
      try {
        return parseDuration(text);
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message });
        return z.NEVER;
      }
    });

const quantity = z.string().refine((text) => {
  try {
    Quantity.parse(text);
    return true;
  } catch {
    return false;
  }
}, 'must be a quantity');

/** Known to upstream, and only its default is supported: another value is refused by name. */
const only = <T extends string | number | boolean>(value: T) =>
  z.literal(value, { error: () => `only the default (${JSON.stringify(value)}) is supported` }).default(value as never);

const port = (fallback: number) => z.int().min(0).max(65_535).default(fallback);
const percent = (fallback: number) => z.int().min(0).max(100).default(fallback);
const strings = z.array(z.string()).default([]);
const none = z.array(z.string()).max(0, 'is not supported').default([]);
const amounts = z.record(z.string(), quantity).default({});

const thresholds = z.partialRecord(
  z.enum([
    'memory.available',
    'nodefs.available',
    'nodefs.inodesFree',
    'imagefs.available',
    'imagefs.inodesFree',
    'pid.available',
  ]),
  z.string().regex(/^([0-9.]+%|[0-9.]+[A-Za-z]*)$/, 'must be a quantity or a percentage'),
);
const defaultThresholds = {
  'memory.available': '100Mi',
  'nodefs.available': '10%',
  'nodefs.inodesFree': '5%',
  'imagefs.available': '15%',
  'imagefs.inodesFree': '5%',
};

const authentication = z
  .strictObject({
    x509: z.strictObject({ clientCAFile: z.string().default('') }).prefault({}),
    webhook: z.strictObject({ enabled: z.boolean().default(true), cacheTTL: duration('2m') }).prefault({}),
    anonymous: z.strictObject({ enabled: z.boolean().default(false) }).prefault({}),
  })
  .prefault({});

const authorization = z
  .strictObject({
    mode: z.enum(['Webhook', 'AlwaysAllow']).default('Webhook'),
    webhook: z.strictObject({ cacheAuthorizedTTL: duration('5m'), cacheUnauthorizedTTL: duration('30s') }).prefault({}),
  })
  .prefault({});

const taint = z.strictObject({
  key: z.string(),
  value: z.string().optional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
  timeAdded: z.string().optional(),
});

/** KubeletConfiguration of kubelet.config.k8s.io/v1beta1, with upstream's defaults. Durations are milliseconds. */
export const kubeletConfiguration = z.strictObject({
  apiVersion: z.literal('kubelet.config.k8s.io/v1beta1'),
  kind: z.literal('KubeletConfiguration'),
  address: z.string().default('0.0.0.0'),
  port: z.int().min(1).max(65_535).default(10_250),
  readOnlyPort: only(0),
  healthzPort: port(10_248),
  healthzBindAddress: z.string().default('127.0.0.1'),
  tlsCertFile: z.string().default(''),
  tlsPrivateKeyFile: z.string().default(''),
  tlsCipherSuites: none,
  tlsMinVersion: z.enum(['', 'VersionTLS12', 'VersionTLS13']).default(''),
  rotateCertificates: z.boolean().default(false),
  serverTLSBootstrap: z.boolean().default(false),
  authentication,
  authorization,
  staticPodPath: z.string().default(''),
  staticPodURL: only(''),
  podLogsDir: z.string().default('/var/log/pods'),
  syncFrequency: duration('1m'),
  fileCheckFrequency: duration('20s'),
  httpCheckFrequency: only('20s'),
  eventRecordQPS: only(50),
  eventBurst: only(100),
  registryPullQPS: only(5),
  registryBurst: only(10),
  enableServer: z.boolean().default(true),
  enableDebuggingHandlers: z.boolean().default(true),
  enableProfilingHandler: only(true),
  enableDebugFlagsHandler: only(true),
  enableSystemLogHandler: z.boolean().default(true),
  enableSystemLogQuery: only(false),
  enableContentionProfiling: only(false),
  oomScoreAdj: z.int().min(-1000).max(1000).default(-999),
  clusterDomain: z.string().default(''),
  clusterDNS: strings,
  streamingConnectionIdleTimeout: duration('4h'),
  nodeStatusUpdateFrequency: duration('10s'),
  nodeStatusReportFrequency: duration('5m'),
  nodeLeaseDurationSeconds: z.int().min(1).default(40),
  nodeStatusMaxImages: z.int().min(-1).default(50),
  imageMinimumGCAge: only('2m'),
  imageMaximumGCAge: only('0s'),
  imageGCHighThresholdPercent: percent(85),
  imageGCLowThresholdPercent: percent(80),
  volumeStatsAggPeriod: only('1m'),
  kubeletCgroups: only(''),
  systemCgroups: only(''),
  cgroupRoot: z.string().default(''),
  cgroupsPerQOS: z.boolean().default(true),
  cgroupDriver: only('cgroupfs'),
  failCgroupV1: z.boolean().default(true),
  cpuManagerPolicy: only('none'),
  memoryManagerPolicy: only('None'),
  topologyManagerPolicy: only('none'),
  topologyManagerScope: only('container'),
  runtimeRequestTimeout: duration('2m'),
  hairpinMode: only('promiscuous-bridge'),
  maxPods: z.int().min(1).default(110),
  podCIDR: z.string().default(''),
  podPidsLimit: z.int().default(-1),
  resolvConf: z.string().default('/etc/resolv.conf'),
  runOnce: only(false),
  cpuCFSQuota: z.boolean().default(true),
  cpuCFSQuotaPeriod: duration('100ms'),
  maxOpenFiles: only(1_000_000),
  contentType: only('application/json'),
  kubeAPIQPS: z.int().min(-1).default(50),
  kubeAPIBurst: z.int().min(0).default(100),
  serializeImagePulls: z.boolean().default(true),
  maxParallelImagePulls: z.int().min(1).optional(),
  evictionHard: thresholds.default(defaultThresholds),
  evictionPressureTransitionPeriod: duration('5m'),
  podsPerCore: only(0),
  enableControllerAttachDetach: z.boolean().default(true),
  protectKernelDefaults: only(false),
  makeIPTablesUtilChains: only(true),
  featureGates: z.record(z.string(), z.never({ error: () => 'feature gates cannot be set' })).default({}),
  failSwapOn: z.boolean().default(true),
  memorySwap: z.strictObject({ swapBehavior: only('NoSwap') }).prefault({}),
  containerLogMaxSize: quantity.default('10Mi'),
  containerLogMaxFiles: z.int().min(2).default(5),
  containerLogMaxWorkers: only(1),
  containerLogMonitorInterval: duration('10s'),
  configMapAndSecretChangeDetectionStrategy: only('Watch'),
  systemReserved: amounts,
  kubeReserved: amounts,
  enforceNodeAllocatable: z.array(z.enum(['none', 'pods'])).default(['pods']),
  allowedUnsafeSysctls: strings,
  volumePluginDir: only('/usr/libexec/kubernetes/kubelet-plugins/volume/exec/'),
  providerID: z.string().default(''),
  logging: z.strictObject({ format: only('json'), verbosity: z.int().min(0).default(0) }).prefault({}),
  shutdownGracePeriod: only('0s'),
  shutdownGracePeriodCriticalPods: only('0s'),
  registerWithTaints: z.array(taint).default([]),
  registerNode: z.boolean().default(true),
  seccompDefault: z.boolean().default(false),
  memoryThrottlingFactor: only(0.9),
  localStorageCapacityIsolation: only(true),
  containerRuntimeEndpoint: z.string().default('unix:///run/containerd/containerd.sock'),
  imageServiceEndpoint: z.string().default(''),
});

export type KubeletConfiguration = z.output<typeof kubeletConfiguration>;
