import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { aggregate } from '@coracle/api/meta/status';
import { version } from '@coracle/api/version';
import { EventRecorder } from '@coracle/client/events';
import type { Checks } from '@coracle/process/checks';
import type { FlagValues } from '@coracle/process/flags';
import type { Log } from '@coracle/process/log';
import { hideMetrics } from '@coracle/process/metrics';
import { program, UsageError } from '@coracle/process/program';
import { readServing, servingTlsOf } from '@coracle/process/serving-certificates';
import type { Registry as Metrics } from 'prom-client';
import { assemble } from './assembly.ts';
import { bootstrapCluster, keepCluster, withdraw } from './bootstrap/cluster.ts';
import { isLoopback, KubernetesEndpoints } from './bootstrap/kubernetes-endpoints.ts';
import { ServerLeases } from './bootstrap/server-leases.ts';
import { DefaultServiceCidr } from './bootstrap/service-cidr.ts';
import { type StartProgress, startChecks } from './bootstrap/start-checks.ts';
import { genericFlagProblems } from './chain/serving/flags.ts';
import { compactRegularly } from './compaction.ts';
import { checkFeatures } from './feature-gates.ts';
import { apiServerFlags } from './flags.ts';
import { eventSink } from './registry/event-sink.ts';
import type { Registry } from './registry/registry.ts';
import type { ServiceAllocation } from './registry/services/hooks.ts';
import { parsePortRange } from './registry/services/port-range.ts';
import { rangeRepair } from './registry/services/repair.ts';
import { authenticationInfoOf, clientAuthoritiesOf } from './security.ts';
import type { Tls } from './server.ts';
import type { Encryption } from './storage/encryption/setup.ts';
import { EtcdStore } from './storage/etcd-store.ts';
import { measuredStore } from './storage/measured-store.ts';
import type { Store } from './storage/store.ts';

type Flags = FlagValues<typeof apiServerFlags.flags>;

/** How long streams (exec, logs) may go on after all other requests have ended. */
const shutdownGrace = 10_000;
const certificateCheck = 60_000;

await program(
  'kube-apiserver',
  apiServerFlags,
  async ({ flags, texts, changed, log, signal, metrics }) => {
    checkFlags(flags);
    const etcd = measuredStore(openStore(flags), metrics);
    const encryption = await encrypting(flags, etcd, metrics, log);
    const store = encryption?.store ?? etcd;
    const progress: Progress = { finished: new Set(), ending: false };
    const started = Promise.withResolvers<void>();
    const fairness = flags['enable-priority-and-fairness'];
    const { registry, server, rbac, services, queueMetrics, close } = await assemble(flags, {
      store,
      metrics,
      log,
      texts,
      changed,
      checks: (it, hasRbac, registered) => healthChecks(it, { rbac: hasRbac, fairness, registered, progress }),
      address: `${flags['external-hostname'] || advertised(flags)}:${flags['secure-port']}`,
      started: started.promise,
    });
    encryption?.onChange(() => registry.feed.reread());
    hideMetrics(metrics, flags['disabled-metrics']);
    const tls = await servingTls(flags);
    const listening = await server.listen({
      host: flags['bind-address'],
      port: flags['secure-port'],
      tls,
      maxStreams: flags['http2-max-streams-per-connection'],
      sharesPort: flags['permit-port-sharing'],
    });
    log.info({ address: flags['bind-address'], port: listening.port }, 'Serving securely');
    const renewal = setInterval(() => renew(flags, listening.renew, log), certificateCheck).unref();

    const endpoints = endpointsOf(flags, registry, store);

    const loading = registry.start().then(async () => {
      log.info({ revision: registry.feed.revision }, 'Caches are synced');
      const interval = flags['etcd-compaction-interval'];
      if (interval > 0) {
        compactRegularly(store, interval, signal, (error) => log.warn({ err: error }, 'Compaction failed'));
      }
      const cluster = {
        rbac,
        fairness,
        port: listening.port,
        nodePort: flags['kubernetes-service-node-port'],
        endpoints,
        serviceRange: flags['service-cluster-ip-range'],
        serviceCidr: defaultServiceCidr(registry, services, log),
        repair: rangeRepair(registry, services, log, queueMetrics),
        authentication: authenticationInfoOf(flags),
        signal,
        log,
        finished: (hook: string) => progress.finished.add(hook),
      };
      await bootstrapCluster(registry, cluster);
      keepCluster(registry, cluster);
      started.resolve();
      log.info({ milliseconds: Math.round(performance.now()) }, 'Ready');
    });
    await Promise.race([loading, aborted(signal)]);
    await aborted(signal);

    progress.ending = true;
    clearInterval(renewal);
    // First of all: until the delay is over, those who still know this server are answered.
    await withdraw(endpoints, log);
    await delay(flags['shutdown-delay-duration']);
    if (flags['shutdown-send-retry-after']) server.draining.refuse();
    else listening.refuse();
    await Promise.all([
      registry.endWatches(flags['shutdown-watch-termination-grace-period']),
      server.draining.idle(flags['request-timeout']),
    ]);
    const closed = listening.close(shutdownGrace);
    await registry.stop();
    await closed;
    await close();
    encryption?.close();
    await store.close();
  },
  {
    description:
      "kube-apiserver serves the Kubernetes API: it keeps the cluster's objects in etcd, decides who may do what with them, and tells all other components what changes.",
  },
);

function checkFlags(flags: Flags): void {
  const problems = genericFlagProblems(flags);
  if (flags['etcd-servers'].length === 0) problems.push('--etcd-servers must be specified');
  if (flags['etcd-prefix'] !== '/registry') problems.push('--etcd-prefix: only /registry is supported');
  const port = flags['secure-port'];
  if (port < 1 || port > 65535)
    problems.push(`--secure-port ${port} must be between 1 and 65535, inclusive. It cannot be turned off with 0`);
  if (problems.length > 0) throw new UsageError(aggregate(problems));
  checkNodePort(flags);
  servingTlsOf(flags);
  checkFeatures(flags);
  checkHiddenMetrics(flags['show-hidden-metrics-for-version']);
  if ((flags['proxy-client-cert-file'] === '') !== (flags['proxy-client-key-file'] === '')) {
    throw new UsageError('--proxy-client-cert-file and --proxy-client-key-file must be specified together');
  }
  if (flags['advertise-address'] !== '' && isIP(flags['advertise-address']) === 0) {
    throw new UsageError(
      `invalid argument ${JSON.stringify(flags['advertise-address'])} for "--advertise-address" flag`,
    );
  }
}

function checkHiddenMetrics(wanted: string): void {
  const before = `${version.major}.${Number(version.minor) - 1}`;
  if (wanted === '' || wanted === before) return;
  throw new UsageError(
    `--show-hidden-metrics-for-version must be omitted or have the value '${before}'. Only the previous minor version is allowed`,
  );
}

function checkNodePort(flags: Flags): void {
  const port = flags['kubernetes-service-node-port'];
  if (port === 0) return;
  if (port < 0 || port > 65535) {
    throw new UsageError(
      `--kubernetes-service-node-port ${port} must be between 0 and 65535, inclusive. If 0, the Kubernetes master service will be of type ClusterIP`,
    );
  }
  const { from, to, text } = parsePortRange(flags['service-node-port-range']);
  if (port < from || port > to) {
    throw new UsageError(`kubernetes service node port range ${text} doesn't contain ${port}`);
  }
}

function openStore(flags: Flags): EtcdStore {
  const file = (name: 'etcd-cafile' | 'etcd-certfile' | 'etcd-keyfile') =>
    flags[name] === '' ? undefined : readFileSync(flags[name]);
  const [ca, cert, key] = [file('etcd-cafile'), file('etcd-certfile'), file('etcd-keyfile')];
  return new EtcdStore({
    servers: flags['etcd-servers'],
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
  });
}

/** Encryption of what is kept, where the flags ask for it. */
async function encrypting(flags: Flags, store: Store, metrics: Metrics, log: Log): Promise<Encryption | undefined> {
  const path = flags['encryption-provider-config'];
  const follow = flags['encryption-provider-config-automatic-reload'];
  if (path !== '') {
    const { encryptionOf } = await import('./storage/encryption/setup.ts');
    return encryptionOf(store, { path, follow, metrics, log });
  }
  if (!follow) return undefined;
  throw new UsageError('--encryption-provider-config-automatic-reload must be set with --encryption-provider-config');
}

interface Progress {
  /** Hooks of the bootstrap that are done. */
  finished: Set<string>;
  ending: boolean;
}

/** What the health endpoints ask: the steps of the start, and whether to send requests here. */
function healthChecks(
  registry: Registry,
  { progress, ...about }: Pick<StartProgress, 'rbac' | 'fairness' | 'registered'> & { progress: Progress },
): { startup: Checks; ready: Checks; ending: Checks } {
  const unless = (problem: boolean, text: string) => {
    if (problem) throw new Error(text);
  };
  const cachesLoaded = () => registry.feed.loaded;
  return {
    startup: startChecks({ ...about, finished: progress.finished, cachesLoaded }),
    ready: { 'informer-sync': () => unless(!cachesLoaded(), 'the watch caches are not loaded') },
    ending: { shutdown: () => unless(progress.ending, 'process is shutting down') },
  };
}

/** The certificates of the secure port as their files are now. */
async function servingTls(flags: Flags): Promise<Tls> {
  const clientCa = clientAuthoritiesOf(flags);
  const context = await readServing(servingTlsOf(flags), advertised(flags), clientCa);
  return clientCa === undefined ? context : { ...context, clientCa };
}

/** Takes up certificate files that were replaced. */
function renew(flags: Flags, take: (tls: Tls) => void, log: Log): void {
  if (flags['tls-cert-file'] === '') return;
  servingTls(flags).then(take, (error) => log.error({ err: error }, 'Cannot read the serving certificate'));
}

function defaultServiceCidr(registry: Registry, services: ServiceAllocation, log: Log): DefaultServiceCidr {
  const source = { component: 'kubernetes-service-cidr-controller' };
  const cidrs = services.ips.map(({ configured }) => configured.cidr);
  return new DefaultServiceCidr(registry, cidrs, new EventRecorder(eventSink(registry), source, { log }));
}

/** Who keeps the endpoints of the kubernetes Service; undefined: not this server. */
function endpointsOf(flags: Flags, registry: Registry, store: Store): KubernetesEndpoints | undefined {
  const address = advertised(flags);
  if (flags['endpoint-reconciler-type'] === 'none' || isLoopback(address)) return undefined;
  return new KubernetesEndpoints(registry, new ServerLeases(store), { address, port: flags['secure-port'] });
}

/** The address clients outside are told: --advertise-address, --bind-address where they can reach that, or the machine's first own one. */
function advertised(flags: Flags): string {
  if (flags['advertise-address'] !== '') return flags['advertise-address'];
  const bound = flags['bind-address'];
  if (!['0.0.0.0', '::', ''].includes(bound) && !isLoopback(bound)) return bound;
  const own = Object.values(networkInterfaces())
    .flat()
    .find((each) => each && !each.internal && each.family === 'IPv4');
  return own?.address ?? '127.0.0.1';
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
