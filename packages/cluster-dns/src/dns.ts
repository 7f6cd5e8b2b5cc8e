import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@coracle/client';
import { Informers } from '@coracle/client';
import type { Registry } from '@coracle/process/metrics';
import { serverMetrics, upstreamMetrics } from './metrics.ts';
import type { Listener, Serve } from './server/listener.ts';
import { Responder } from './server/responder.ts';
import { serveHealth, serveMetrics, serveReady } from './server/status.ts';
import { listenTcp } from './server/tcp.ts';
import { fatal, listenUdp } from './server/udp.ts';
import type { Settings } from './settings.ts';
import { AnswerCache } from './upstream/cache.ts';
import { Forwarder } from './upstream/forwarder.ts';
import { guardLoops } from './upstream/loop-guard.ts';
import { UpstreamServer } from './upstream/server.ts';
import { type Directory, watchedDirectory } from './zone/directory.ts';
import { Zone } from './zone/zone.ts';

export interface DnsLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface DnsOptions {
  client: Client;
  settings: Settings;
  metrics: Registry;
  log: DnsLog;
}

export interface Dns {
  readonly port: number;
  readonly healthPort: number;
  readonly readyPort: number;
  readonly metricsPort: number;
  /** Fails /ready, goes on answering for `lameduck` milliseconds, then closes when what was asked has been answered. */
  leave(lameduck: number): Promise<void>;
}

const cacheLimits = { entries: 10_000, bytes: 8 * 1024 * 1024 };
/** How long a question may still wait for its answer when the server closes, in milliseconds. */
const drain = 5_000;

/**
 * Answers questions on UDP and TCP. It does so at once: names outside are asked upstream, and the cluster's are SERVFAIL until all
 * objects have been seen; from then on they are answered from memory, with the API server or without.
 */
export async function startDns({ client, settings, metrics, log }: DnsOptions): Promise<Dns> {
  const stop = new AbortController();
  const informers = new Informers(client, { signal: stop.signal, log });
  let leaving = false;
  const directory: Directory = watchedDirectory(informers, {
    pods: settings.pods === 'verified',
    changed: () => responder.changed(),
  });
  const zone = new Zone(directory, settings);
  const label = `dns://:${settings.port}`;
  const cache = new AnswerCache(cacheLimits, () => performance.now());
  const upstream = upstreamMetrics(metrics, label, cache);
  const servers = settings.servers.map(
    (address) =>
      new UpstreamServer(address, {
        changed: ({ name }, what) => tellUpstream(log, name, what),
        checkFailed: ({ name }) => upstream.checkFailed(name),
      }),
  );
  const responder = new Responder({
    zone,
    complete: () => directory.complete,
    forwarder: new Forwarder({
      servers,
      cache,
      longest: settings.cacheTtl,
      maxConcurrent: settings.maxConcurrent,
      timeout: settings.upstreamTimeout,
      metrics: upstream,
      now: () => performance.now(),
    }),
    longest: settings.cacheTtl,
    now: () => performance.now(),
  });
  const { serve, answered } = counted(responder, serverMetrics(metrics, label, settings.domain));
  const listeners = await listen(settings, serve, log);
  const missing = (): string => (leaving ? 'shutting down' : directory.complete ? '' : 'kubernetes');
  const health = await serveHealth(settings.addresses, settings.healthPort);
  const ready = await serveReady(settings.addresses, settings.readyPort, missing);
  const scraped = await serveMetrics(settings.addresses, settings.metricsPort, metrics, (error) =>
    log.error({ err: error }, 'Cannot tell metrics'),
  );
  if (servers.length === 0) log.warn({}, 'No server upstream: names outside the cluster are refused');
  log.info(
    {
      addresses: settings.addresses,
      port: listeners[0]!.port,
      domain: settings.domain,
      upstream: servers.map((each) => each.name),
    },
    'Listening',
  );
  follow().catch(fatal);

  return {
    port: listeners[0]!.port,
    healthPort: health.port,
    readyPort: ready.port,
    metricsPort: scraped.port,
    async leave(lameduck) {
      leaving = true;
      log.info({ lameduckMs: lameduck }, 'Leaving: not ready any more, and still answering');
      await delay(lameduck);
      await answered(drain);
      stop.abort(new Error('the server ends'));
      for (const each of servers) each.close();
      for (const each of [...listeners, health, ready, scraped]) await each.close();
    },
  };

  /** Waits for the first sight of everything, for as long as the API server is away. */
  async function follow(): Promise<void> {
    try {
      await informers.start();
    } catch (error) {
      if (error === stop.signal.reason) return;
      throw error;
    }
    log.info({}, 'Ready: all Services and endpoints have been seen');
    guardLoops(servers, (nonce) => zone.loopName(nonce), stop.signal);
  }
}

/** The responder as listeners call it, counted; and a way to wait until everything asked has been answered, or for so long. */
function counted(
  responder: Responder,
  metrics: ReturnType<typeof serverMetrics>,
): { serve: Serve; answered(most: number): Promise<void> } {
  const waiting = new Set<Promise<unknown>>();
  const serve: Serve = (message, transport, family) => {
    const begun = performance.now();
    const answer = responder.respond(message, transport);
    if (!answer) return undefined;
    const count = (done: Awaited<typeof answer>): Buffer => {
      metrics.answered(done, transport, family, message.length, (performance.now() - begun) / 1000);
      return done.message;
    };
    if (!(answer instanceof Promise)) return count(answer);
    const late = answer.then(count).finally(() => waiting.delete(late));
    waiting.add(late);
    return late;
  };
  const answered = async (most: number): Promise<void> => {
    await Promise.race([Promise.allSettled([...waiting]), delay(most, undefined, { ref: false })]);
  };
  return { serve, answered };
}

/** UDP and TCP on each address, all on one port. */
async function listen(settings: Settings, serve: Serve, log: DnsLog): Promise<Listener[]> {
  const listeners: Listener[] = [];
  let { port } = settings;
  for (const address of settings.addresses) {
    const udp = await listenUdp(address, port, serve, (error) => log.debug({ err: error, address }, 'Cannot send'));
    port = udp.port;
    listeners.push(udp, await listenTcp(address, port, serve));
  }
  return listeners;
}

function tellUpstream(log: DnsLog, server: string, what: 'down' | 'up' | 'loop' | 'no loop'): void {
  if (what === 'up') log.info({ server }, 'Server upstream answers again');
  else if (what === 'down') log.warn({ server }, 'Server upstream does not answer; it is left out until it does');
  else if (what === 'loop')
    log.error({ server }, "Loop: server upstream leads back to this cluster's own; it is not asked");
  else log.info({ server }, 'Server upstream does not lead back any more');
}
