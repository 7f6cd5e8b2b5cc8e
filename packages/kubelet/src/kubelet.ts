import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import { Quantity } from '@coracle/api/meta/quantity';
import { type Client, EventRecorder, Informers } from '@coracle/client';
import { type Log, type Registry, UsageError } from '@coracle/process';
import type { certificateMetrics } from './certificates/metrics.ts';
import { systemClock } from './clock.ts';
import type { KubeletConfiguration } from './config/kubelet-configuration.ts';
import { type CriClient, connectCri, isUnimplemented } from './cri/client.ts';
import { CgroupDriver } from './cri/generated/runtime.v1.ts';
import { Evictor } from './eviction/evictor.ts';
import { ImageCollector } from './images/image-collector.ts';
import { ImageManager } from './images/image-manager.ts';
import { pullSecretsOf } from './images/secrets-of-pod.ts';
import { rotateLogs } from './logs/rotation.ts';
import { kubeletMetrics } from './metrics.ts';
import { admissionProblem } from './node/admission.ts';
import { NodeSide } from './node/node-side.ts';
import { RuntimeState } from './node/runtime-state.ts';
import { referencesOf } from './objects/references.ts';
import { noObjects, WatchedObjects } from './objects/watched-objects.ts';
import { BackOff } from './pods/back-off.ts';
import type { PodDependencies } from './pods/dependencies.ts';
import { dnsSettings } from './pods/dns.ts';
import { podEvents } from './pods/events.ts';
import { removeLeftovers } from './pods/housekeeping.ts';
import { Pleg } from './pods/pleg.ts';
import { Pods } from './pods/pods.ts';
import { RuntimePods } from './pods/runtime-pod.ts';
import { Probes } from './probes/probes.ts';
import { probeRunner } from './probes/run.ts';
import { openCgroups } from './resources/cgroups.ts';
import { PodCgroups } from './resources/pod-cgroups.ts';
import { kubeletAccess } from './server/access.ts';
import { serveHealthz } from './server/healthz.ts';
import { startServer } from './server/start.ts';
import { followStaticFolder } from './static-pods/folder.ts';
import { Mirrors } from './static-pods/mirror.ts';
import { StatusManager } from './status/status-manager.ts';
import { PodVolumes } from './volumes/pod-volumes.ts';
import { ServiceAccountTokens } from './volumes/service-account-token.ts';

export interface KubeletOptions {
  config: KubeletConfiguration;
  /** Undefined in standalone mode: only static pods run. */
  client: Client | undefined;
  nodeName: string;
  /** Empty: the machine's default address. */
  nodeIps: readonly string[];
  nodeLabels: Readonly<Record<string, string>>;
  rootDir: string;
  certDir: string;
  certificateCounts: ReturnType<typeof certificateMetrics>;
  /** Where links to container logs are made, for log collectors. */
  containerLogLinks: string;
  log: Log;
  metrics: Registry;
  signal: AbortSignal;
}

const housekeepingEvery = 60_000;
const evictionEvery = 10_000;
const imageCollectionEvery = 5 * 60_000;

/** Runs a kubelet until the signal is aborted. Containers live on after it. */
export async function runKubelet(options: KubeletOptions): Promise<void> {
  const { config, client, nodeName, rootDir, log, signal } = options;
  // A configuration that cannot work is told before anything is done.
  const access = config.enableServer ? kubeletAccess(config, client) : undefined;
  const cgroups = await openCgroups();
  if (cgroups.version === 1 && config.failCgroupV1) {
    throw new UsageError(
      'kubelet is configured to not run on a host using cgroup v1. cgroup v1 support is unsupported and will be removed in a future release: set failCgroupV1 to false to run all the same',
    );
  }
  if (config.failSwapOn && (await swapIsOn())) {
    throw new UsageError(
      'running with swap on is not supported, please disable swap or set --fail-swap-on flag to false',
    );
  }

  const cri = connectCri(config.containerRuntimeEndpoint, {
    timeout: config.runtimeRequestTimeout,
    imageEndpoint: config.imageServiceEndpoint || undefined,
  });
  signal.addEventListener('abort', () => cri.close());
  const runtime = await waitForRuntime(cri, log, signal);
  log.info({ runtime: runtime.runtimeName, version: runtime.runtimeVersion }, 'Container runtime initialized');
  await checkCgroupDriver(cri);

  const recorder = client && new EventRecorder(client, { component: 'kubelet', host: nodeName }, { log });
  const events = podEvents(recorder, log);
  const side = await NodeSide.read({ ...options, cri, runtime, events });
  events.node(nodeName, 'Normal', 'Starting', 'Starting kubelet.');

  const podCgroups = new PodCgroups(cgroups, {
    root: config.cgroupRoot || '/',
    perQos: config.cgroupsPerQOS,
    cpuQuota: config.cpuCFSQuota,
    cpuQuotaPeriod: config.cpuCFSQuotaPeriod * 1000,
    podPidsLimit: config.podPidsLimit,
    allocatable: side.podShare(config.enforceNodeAllocatable.includes('pods')),
  });
  await podCgroups.start();

  const informers = client && new Informers(client, { signal, log });
  const objects =
    client && informers
      ? new WatchedObjects(client, informers, (reference) => pods.retryUsers((pod) => referencesOf(pod).has(reference)))
      : noObjects;
  const volumes = new PodVolumes(rootDir, objects, new ServiceAccountTokens(client));
  const statuses = new StatusManager({ client, current: (pod) => side.apiPod(pod, pods), log, signal });
  const metrics = kubeletMetrics(options.metrics, nodeName, () => pods);
  const probes = new Probes({
    run: probeRunner(cri),
    events,
    clock: systemClock,
    hostIps: () => side.ips,
    changed: (uid) => pods.kick(uid),
    count: metrics.probed,
  });
  const runtimeState = new RuntimeState(cri, log, () => side.kick());
  const mirrors =
    client && new Mirrors({ client, nodeName, nodeUid: () => side.uid(), current: (pod) => pods.mirrorOf(pod), log });
  const deps: PodDependencies = {
    cri,
    runtimeName: runtime.runtimeName,
    runtimePods: new RuntimePods(cri),
    images: new ImageManager(cri, events, {
      parallelPulls: config.serializeImagePulls ? 1 : (config.maxParallelImagePulls ?? 1000),
    }),
    volumes,
    cgroups: podCgroups,
    events,
    probes,
    statuses,
    objects,
    restarts: new BackOff(10_000, 300_000),
    node: {
      name: nodeName,
      ips: side.ips,
      allocatable: side.resources.allocatable,
      memory: side.machine.memory,
      hugepages: Object.keys(side.machine.hugepages),
    },
    settings: {
      dns: dnsSettings(config.clusterDNS, config.clusterDomain, config.resolvConf),
      podLogs: config.podLogsDir,
      containerLogLinks: options.containerLogLinks,
      seccompFolder: join(rootDir, 'seccomp'),
      seccompDefault: config.seccompDefault,
      cpuQuota: config.cpuCFSQuota,
      cpuQuotaPeriod: config.cpuCFSQuotaPeriod * 1000,
      unifiedCgroups: cgroups.version === 2,
    },
    log,
    networkProblem: () => runtimeState.networkProblem(),
    admit: (pod) =>
      admissionProblem(pod, {
        allocatable: side.resources.allocatable,
        node: side.node,
        others: pods.active().filter((each) => each.metadata.uid !== pod.metadata.uid),
        allowedUnsafeSysctls: config.allowedUnsafeSysctls,
      }),
    refreshNode: () => side.refreshNode(),
    mirror: mirrors,
    pullSecrets: (pod) => pullSecretsOf(pod, objects, events),
  };
  const pods: Pods = new Pods({
    dependencies: deps,
    signal,
    resyncEvery: config.syncFrequency,
    deleteMirror: mirrors && ((mirror) => mirrors.delete(mirror)),
  });
  const pleg = new Pleg({
    cri,
    log,
    signal,
    changed: (uid) => pods.kick(uid),
    listed: (listing) => pods.observe(listing),
  });
  await runtimeState.check();
  void runtimeState.follow(signal);
  pleg.start();

  const problems = (): string[] =>
    [runtimeState.runtimeProblem(), runtimeState.networkProblem(), pleg.problem()].filter((each) => each !== undefined);
  if (client && informers) {
    side.start({ client, problems });
    const assigned = informers.of(podKind, { fieldSelector: `spec.nodeName=${nodeName}` });
    assigned.on({
      added: (pod) => pods.setApi(pod),
      updated: (_, pod) => pods.setApi(pod),
      deleted: (pod) => pods.removeApi(pod),
    });
    void assigned.synced.then(() => pods.apiReady());
    informers.start().catch((error) => {
      if (!signal.aborted) log.error({ err: error }, 'Watching the API failed');
    });
  } else pods.apiReady();
  if (config.staticPodPath) {
    followStaticFolder({
      path: config.staticPodPath,
      nodeName,
      checkEvery: config.fileCheckFrequency,
      log,
      signal,
      update: (found) => pods.setStatic(found),
    });
  } else pods.setStatic([]);

  const closers: (() => void)[] = [];
  if (config.healthzPort > 0)
    closers.push(await serveHealthz(config.healthzBindAddress, config.healthzPort, () => pleg.problem()));
  if (access) {
    closers.push(
      await startServer({
        ...options,
        access,
        deps,
        pods,
        side,
        probeMetrics: metrics.probes,
        problem: () => pleg.problem(),
      }),
    );
  }
  const collector = new ImageCollector({
    cri,
    events,
    nodeName,
    high: config.imageGCHighThresholdPercent,
    low: config.imageGCLowThresholdPercent,
    folder: () => side.places.images(),
  });
  const evictor = new Evictor({ deps, pods, thresholds: config.evictionHard, places: side.places, images: collector });
  const evictions = (error: unknown): void => log.warn({ err: error }, 'Eviction manager: failed to look at the node');
  every(evictionEvery, signal, async () => void (await evictor.look()), evictions);
  const collections = (error: unknown): void => log.warn({ err: error }, 'Image garbage collection failed');
  every(imageCollectionEvery, signal, async () => void (await collector.look()), collections);
  rotateLogsRegularly(deps, config, log, signal);
  housekeep(deps, pods, objects, log, signal);

  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  for (const close of closers) close();
}

/** The kubelet may start before its runtime: it waits. */
async function waitForRuntime(cri: CriClient, log: Log, signal: AbortSignal) {
  for (let told = false; ; ) {
    try {
      return await cri.runtime.version({ version: '0.1.0' });
    } catch (error) {
      if (!told) log.warn({ err: error }, 'Waiting for the container runtime');
      told = true;
      await sleep(500, undefined, { signal });
    }
  }
}

/** A runtime that leaves cgroups to systemd would put containers elsewhere than the kubelet looks. Older ones do not tell. */
async function checkCgroupDriver(cri: CriClient): Promise<void> {
  try {
    const { linux } = await cri.runtime.runtimeConfig({});
    if (linux?.cgroupDriver !== CgroupDriver.SYSTEMD) return;
  } catch (error) {
    if (isUnimplemented(error)) return;
    throw error;
  }
  throw new UsageError(
    'the container runtime uses the systemd cgroup driver, only cgroupfs is supported: set SystemdCgroup = false in its configuration',
  );
}

async function swapIsOn(): Promise<boolean> {
  const text = await readFile('/proc/swaps', 'utf8');
  return text
    .trim()
    .split('\n')
    .slice(1)
    .some((line) => !line.startsWith('/dev/zram'));
}

function rotateLogsRegularly(deps: PodDependencies, config: KubeletConfiguration, log: Log, signal: AbortSignal): void {
  const limits = {
    maxSize: Number(Quantity.parse(config.containerLogMaxSize).value()),
    maxFiles: config.containerLogMaxFiles,
  };
  every(
    config.containerLogMonitorInterval,
    signal,
    async () => {
      await rotateLogs(deps.cri, limits, (path, error) =>
        log.error({ err: error, path }, 'Failed to rotate log for container'),
      );
    },
    (error) => log.warn({ err: error }, 'Failed to rotate container logs'),
  );
}

function housekeep(
  deps: PodDependencies,
  pods: Pods,
  objects: WatchedObjects | typeof noObjects,
  log: Log,
  signal: AbortSignal,
): void {
  every(
    housekeepingEvery,
    signal,
    async () => {
      deps.restarts.collect();
      deps.images.collect();
      if (objects instanceof WatchedObjects)
        objects.retain(new Set(pods.list().flatMap((pod) => [...referencesOf(pod)])));
      const known = pods.known();
      if (known) await removeLeftovers(deps, known);
    },
    (error) => log.warn({ err: error }, 'Failed to clean up orphaned pods'),
  );
}

function every(
  milliseconds: number,
  signal: AbortSignal,
  task: () => Promise<void>,
  failed: (error: unknown) => void,
): void {
  let running = false;
  const timer = setInterval(() => {
    if (running) return;
    running = true;
    task()
      .catch(failed)
      .finally(() => {
        running = false;
      });
  }, milliseconds);
  signal.addEventListener('abort', () => clearInterval(timer));
}

/** The name of this node when none is configured. */
export const defaultNodeName = (): string => hostname().trim().toLowerCase();
