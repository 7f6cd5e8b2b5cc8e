import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { componentConfig, connect, EventRecorder } from '@coracle/client';
import type { Log } from '@coracle/process/log';
import { program } from '@coracle/process/program';
import type { ProxyConfiguration } from './config/configuration.ts';
import { configurationOf } from './config/from-flags.ts';
import { hostPort } from './config/values.ts';
import { setConntrack } from './conntrack/sysctl.ts';
import { proxyFlags } from './flags.ts';
import { serveHealthz } from './health/healthz-server.ts';
import { ProxyHealth } from './health/proxy-health.ts';
import { proxyMetrics } from './metrics.ts';
import { table } from './nftables/names.ts';
import { removeTables, runNft } from './nftables/nft.ts';
import { supportedFamilies } from './nftables/support.ts';
import { runProxy } from './proxy.ts';
import { systemTimers } from './timers.ts';

const description =
  "kube-proxy makes Services work on its node: nftables rules spread the connections to a Service's addresses over its endpoints.";

await program(
  'kube-proxy',
  proxyFlags,
  async ({ flags, changed, log, signal, metrics }) => {
    const configuration = await configurationOf(flags, changed);
    const families = await supportedFamilies(runNft, ({ name }, error) => {
      log.info(
        { family: name, reason: (error as Error).message },
        'No nftables support for family; kube-proxy running in single-stack mode',
      );
    });
    if (flags.cleanup) return removeTables(runNft, table, families);
    prepareKernel(configuration, log);
    if (flags['init-only']) return;

    const health = new ProxyHealth(
      families.map((each) => each.name),
      2 * configuration.nftables.syncPeriod,
      systemTimers,
    );
    await serve(configuration, log, 'healthz', configuration.healthzBindAddress, 10_256, (at) =>
      serveHealthz(health, at),
    );
    await serve(configuration, log, 'metrics', configuration.metricsBindAddress, 10_249, async (at) => {
      const { serveMetrics } = await import('./metrics-server.ts');
      await serveMetrics(metrics, configuration, at);
    });

    const { kubeconfig, qps, burst } = configuration.clientConnection;
    const client = connect({
      ...componentConfig(kubeconfig, flags.master),
      userAgent: 'kube-proxy',
      ...(qps > 0 ? { qps, burst: burst || undefined } : {}),
    });
    const nodeName = (configuration.hostnameOverride || hostname()).trim().toLowerCase();
    log.info(
      { mode: configuration.mode, node: nodeName, families: families.map((each) => each.name) },
      'Using nftables Proxier',
    );
    const starting = new EventRecorder(client, { component: 'kube-proxy', host: nodeName }, { log });
    starting.eventAbout({ kind: 'Node', name: nodeName, uid: nodeName }, 'Normal', 'Starting', '');
    await runProxy({
      client,
      configuration,
      nodeName,
      families,
      runNft,
      metrics: proxyMetrics(metrics),
      health,
      log,
      signal,
    });
  },
  { description },
);

/** The part that needs full root: connection tracking and the score for the kernel's out-of-memory killer. */
function prepareKernel(configuration: ProxyConfiguration, log: Log): void {
  setConntrack(configuration.conntrack, (sysctl, error) => {
    log.info({ sysctl, reason: (error as Error).message }, 'Cannot set sysctl here; the value stays as it is');
  });
  if (configuration.oomScoreAdj !== undefined) {
    try {
      writeFileSync('/proc/self/oom_score_adj', String(configuration.oomScoreAdj));
    } catch (error) {
      log.warn({ err: error, oomScoreAdj: configuration.oomScoreAdj }, 'Cannot set oom_score_adj');
    }
  }
  const bridge = '/proc/sys/net/bridge/bridge-nf-call-iptables';
  if (existsSync(bridge) && readFileSync(bridge, 'utf8').trim() !== '1') {
    log.warn({ sysctl: bridge }, 'Unset sysctl br-nf-call-iptables, proxy may not work as intended');
  }
}

async function serve(
  configuration: ProxyConfiguration,
  log: Log,
  what: string,
  address: string,
  defaultPort: number,
  start: (at: { host: string; port: number }) => Promise<unknown>,
): Promise<void> {
  const at = hostPort(address, defaultPort);
  if (!at) return;
  try {
    await start(at);
  } catch (error) {
    if (configuration.bindAddressHardFail) throw error;
    log.error({ err: error, address, server: what }, 'Failed to start server');
  }
}
