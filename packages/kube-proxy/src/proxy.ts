import { deepEqual } from '@coracle/api/meta/object';
import { parseTime } from '@coracle/api/meta/time';
import type { Node } from '@coracle/api/types/core/v1';
import type { EndpointSlice } from '@coracle/api/types/discovery/v1';
import type { Client } from '@coracle/client';
import { Informers } from '@coracle/client';
import { BoundedRunner } from './bounded-runner.ts';
import type { ProxyConfiguration } from './config/configuration.ts';
import type { Conntrack } from './conntrack/conntrack.ts';
import { conntrackBy } from './conntrack/conntrack.ts';
import type { ProxyHealth } from './health/proxy-health.ts';
import type { CheckedService } from './health/service-health.ts';
import { ServiceHealth } from './health/service-health.ts';
import type { ProxyMetrics } from './metrics.ts';
import type { Family } from './model/family.ts';
import type { RunNft } from './nftables/nft.ts';
import type { Surroundings } from './proxier.ts';
import { Proxier } from './proxier.ts';
import { isEligible, surroundingsOf } from './surroundings.ts';
import { systemTimers } from './timers.ts';
import { watched } from './watched.ts';

export interface ProxyLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ProxyOptions {
  client: Client;
  configuration: ProxyConfiguration;
  nodeName: string;
  families: readonly Family[];
  runNft: RunNft;
  conntrack?: Conntrack;
  metrics: ProxyMetrics;
  health: ProxyHealth;
  log: ProxyLog;
  signal: AbortSignal;
}

/** A full pass over the table, whether or not anything changed. */
const fullSyncPeriod = 3_600_000;

/**
 * Watches Services, EndpointSlices and the proxy's own node, and keeps the nft tables equal to what they ask for, until the signal
 * aborts. The tables stay then: connections go on while the proxy is restarted.
 */
export async function runProxy(options: ProxyOptions): Promise<void> {
  const { client, configuration, nodeName, families, metrics, health, log, signal } = options;
  const informers = new Informers(client, { signal, log });
  const { services, slices, nodes, source } = watched(informers, nodeName);
  let node: Node | undefined;
  let surroundings = families.map((family) => surroundingsOf(configuration, family, nodeName, node));
  const proxiers = families.map((family, i) => proxierOf(options, family, surroundings[i]!));
  const serviceHealth = new ServiceHealth(
    () => health.healthy,
    (service, error) => log.error({ err: error, ...service }, 'Failed to start healthcheck'),
  );
  const pending = { services: 0, slices: 0 };
  let triggers: number[] = [];
  let started = false;

  const runner = new BoundedRunner({
    minInterval: configuration.nftables.minSyncPeriod,
    retryInterval: configuration.nftables.syncPeriod,
    maxInterval: fullSyncPeriod,
    timers: systemTimers,
    run: sync,
    onError: (error) => log.error({ err: error }, 'nftables sync failed; everything is synced anew'),
  });

  const changed = (kind: keyof typeof pending) => {
    pending[kind]++;
    if (!started) return;
    for (const family of families) health.queued(family.name);
    metrics.queued();
    runner.request();
  };
  const sliceChanged = (slice: EndpointSlice) => {
    const trigger = slice.metadata.annotations?.['endpoints.kubernetes.io/last-change-trigger-time'];
    if (started && trigger) triggers.push(parseTime(trigger));
    changed('slices');
  };
  services.on({
    added: () => changed('services'),
    updated: () => changed('services'),
    deleted: () => changed('services'),
  });
  slices.on({ added: sliceChanged, updated: (_, slice) => sliceChanged(slice), deleted: () => changed('slices') });
  nodes.on({ added: moved, updated: (_, now) => moved(now), deleted: () => moved(undefined) });

  await informers.start();
  started = true;
  runner.request(true);
  await aborted(signal);
  runner.stop();
  await serviceHealth.close();

  function moved(now: Node | undefined): void {
    node = now;
    health.nodeEligible = isEligible(now);
    const next = families.map((family) => surroundingsOf(configuration, family, nodeName, now));
    if (deepEqual(next.map(comparable), surroundings.map(comparable))) return;
    surroundings = next;
    for (const [i, proxier] of proxiers.entries()) proxier.move(next[i]!);
    log.info({ nodeIPs: next.flatMap((each) => each.context.nodeIPs) }, 'Node changed; syncing all rules');
    if (started) runner.request();
  }

  async function sync(full: boolean): Promise<void> {
    metrics.serviceChanges(pending.services);
    metrics.endpointChanges(pending.slices);
    pending.services = 0;
    pending.slices = 0;
    const seen = triggers;
    triggers = [];
    for (const proxier of proxiers) {
      const begun = performance.now();
      try {
        const did = await proxier.sync(source, full);
        const seconds = (performance.now() - begun) / 1000;
        if (did !== 'nothing') log.debug({ family: proxier.family.name, did, seconds }, 'Synced rules');
        metrics.synced(proxier.family.name, did === 'full' ? 'full' : 'partial', seconds);
        health.updated(proxier.family.name);
      } catch (error) {
        metrics.failed(proxier.family.name);
        triggers.push(...seen);
        throw error;
      }
    }
    for (const each of seen) metrics.programmed(Math.max(0, (Date.now() - each) / 1000));
    countNoLocal(proxiers, metrics);
    const addresses = surroundings.flatMap((each) => each.context.nodeIPs);
    await serviceHealth.sync(checkedServices(proxiers), addresses);
  }
}

function proxierOf(
  { runNft, log, conntrack = conntrackBy() }: ProxyOptions,
  family: Family,
  surroundings: Surroundings,
): Proxier {
  return new Proxier({
    family,
    surroundings,
    runNft,
    conntrack,
    onClash: (clash) => log.warn({ ...clash }, 'Two Services claim the same address and port; the first keeps it'),
    onConntrackError: (error) => log.error({ err: error }, 'Failed to delete stale conntrack flows'),
  });
}

/** The Family of a context holds functions, which do not compare. */
function comparable({ context: { family: _, ...context }, ...rest }: Surroundings): object {
  return { ...rest, context };
}

function checkedServices(proxiers: readonly Proxier[]): CheckedService[] {
  const found = new Map<string, CheckedService>();
  for (const { port, localEndpoints } of proxiers.flatMap((each) => [...each.ports])) {
    if (port.healthCheckNodePort === 0) continue;
    const key = `${port.namespace}/${port.name}`;
    const before = found.get(key)?.localEndpoints ?? 0;
    const { namespace, name, healthCheckNodePort } = port;
    found.set(key, { namespace, name, port: healthCheckNodePort, localEndpoints: Math.max(before, localEndpoints) });
  }
  return [...found.values()];
}

function countNoLocal(proxiers: readonly Proxier[], metrics: ProxyMetrics): void {
  const ports = proxiers
    .flatMap((each) => [...each.ports])
    .filter(({ chosen }) => chosen.any && chosen.local.length === 0);
  metrics.noLocalEndpoints('internal', ports.filter(({ port }) => port.internalLocal).length);
  metrics.noLocalEndpoints('external', ports.filter(({ port }) => port.externalLocal).length);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
