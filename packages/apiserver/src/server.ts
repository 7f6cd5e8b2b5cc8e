import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import { version } from '@coracle/api/version';
import {
  createServer as createPlainServer,
  IncomingMessage as PlainRequest,
  ServerResponse as PlainResponse,
} from '@coracle/client/plain-http';
import { type Check, type Checks, reasonsOf } from '@coracle/process/checks';
import { healthMetrics } from '@coracle/process/health-metrics';
import { type Count, counters } from '@coracle/process/series';
import { choosing, type ServingContext } from '@coracle/process/serving-certificates';
import type { Registry as MetricsRegistry } from 'prom-client';
import { measuredAdmission } from './admission/metrics.ts';
import type { AdmissionPlugin } from './admission/plugin.ts';
import type { Aggregation } from './aggregation/aggregation.ts';
import { deadline } from './chain/deadline.ts';
import { observeEventLoop } from './chain/event-loop.ts';
import { unmeasured } from './chain/latencies.ts';
import { compose, type Link, type RequestContext } from './chain/link.ts';
import { isLongRunningName } from './chain/long-running.ts';
import { requestMeter } from './chain/metering.ts';
import { recovery } from './chain/recovery.ts';
import { groupVersionOf, requestInfoOf } from './chain/request-info.ts';
import { servedAs } from './chain/request-labels.ts';
import { Draining } from './chain/serving/draining.ts';
import { starting } from './chain/starting.ts';
import { anonymousUser } from './chain/user.ts';
import { Warnings } from './chain/warnings.ts';
import { type ConnectionLimits, Connections, upstreamLimits } from './connections.ts';
import { dispatch } from './endpoints/dispatch.ts';
import { OpenApiService } from './openapi/service.ts';
import { type Page, pagesOf } from './pages.ts';
import type { Registry } from './registry/registry.ts';
import { resourceKey, type SubresourceTable } from './registry/strategy.ts';
import { observeCaches } from './storage/cache-metrics.ts';
import { answersAtOnce, continueOnceRead, parametersIn, refuseBytes, refuseExpectation, refusePlain } from './wire.ts';

export interface ServerOptions {
  registry: Registry;
  subresources: SubresourceTable;
  /** Before all that may refuse or hold up a request, in order. */
  front?: readonly Link[];
  /** From authentication to authorization, in order. */
  links: readonly Link[];
  /** Requests wait for this, health pages aside: the caches are loaded, and what every cluster has is there. */
  started?: Promise<void>;
  /** Admission plugins, in order. */
  plugins: readonly AdmissionPlugin[];
  metrics: MetricsRegistry;
  /** Told of bugs and of failed health checks. */
  log: { error(details: object, message: string): void; warn(details: object, message: string): void };
  /** Checks of /healthz, /livez and /readyz. */
  live?: Checks;
  /** Steps of the start: checks of all three, of /livez after `livezGrace` milliseconds. */
  startup?: Checks;
  livezGrace?: number;
  /** Checks of /healthz and /readyz, next to those. */
  working?: Checks;
  /** More checks of /readyz, before the steps of the start. */
  ready?: Checks;
  /** What /readyz checks last: that the server is not ending. */
  ending?: Checks;
  /** What other servers serve; undefined: nothing. */
  aggregation?: Aggregation;
  /** What /flagz shows. */
  flags?: Readonly<Record<string, string>>;
  /** Whether /debug/flags is served; it is by default. */
  debugging?: boolean;
  /** Further GET pages by path. */
  pages?: Readonly<Record<string, Page>>;
  /** Further pages by path that answer any method. */
  dumps?: Readonly<Record<string, Page>>;
  /** What --request-timeout says, in milliseconds. */
  requestTimeout?: number;
  /** What --min-request-timeout says: the least a watch without timeoutSeconds lasts, in milliseconds. */
  watchTimeout?: number;
  /** `host:port` in discovery's answer; the listening address by default. */
  address?: string;
}

/** Certificates of the secure port, PEM, and how old and weak its connections may be. */
export interface Tls extends ServingContext {
  /** Authorities whose client certificates are asked for; verification is the authenticator's. */
  clientCa?: string | Buffer;
}

export interface ListenOptions {
  host: string;
  /** 0: any free one. */
  port: number;
  /** Without it the server speaks plain HTTP/1.1; for tests and development. */
  tls?: Tls;
  /** What --http2-max-streams-per-connection says; 0 leaves it at 1,000. */
  maxStreams?: number;
  /** Whether other processes may serve at the same address and port. */
  sharesPort?: boolean;
  limits?: ConnectionLimits;
}

export interface Listening {
  port: number;
  /** Takes no more connections, and ends those that have no request under way. */
  refuse(): void;
  /** As `refuse`; waits up to `grace` milliseconds for requests to end, then ends them. */
  close(grace?: number): Promise<void>;
  /** Takes up renewed certificates. */
  renew(tls: Tls): void;
}

/** An API server: handles requests from any number of listeners. */
export interface ApiServer {
  /** Its requests under way. */
  draining: Draining;
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>;
  listen(options: ListenOptions): Promise<Listening>;
}

/** The most that a request's line and headers may take together, in bytes, as upstream: selectors in paths may be long. */
const maxHeaderSize = 1 << 20;

const defaultStreams = 1000;

/** After how many milliseconds without a byte the kernel asks whether a client is still there, as upstream. */
const silence = 180_000;

/** Builds the chain every request goes through; the list below is the order. */
export function createServer(options: ServerOptions): ApiServer {
  const { registry, subresources, aggregation, log } = options;
  const plugins = measuredAdmission(options.metrics, options.plugins);
  let address = options.address ?? '';
  const kinds = () => [...registry.scheme];
  const openApi = new OpenApiService(kinds, subresources, version.gitVersion, Object.keys(options.pages ?? {}));
  registry.onKinds(() => openApi.invalidate());
  const pages = pagesOf({
    kinds,
    subresources,
    openApi,
    metrics: options.metrics,
    health: healthMetrics(),
    checks: healthChecks(options),
    address: () => address,
    ...(aggregation ? { aggregation } : {}),
    ...(options.pages ? { more: options.pages } : {}),
    ...(options.dumps ? { dumps: options.dumps } : {}),
    ...(options.flags ? { flags: options.flags } : {}),
    debugging: options.debugging ?? true,
    failedChecks: (failures) => log.warn({ checks: reasonsOf(failures) }, 'Health check failed'),
  });
  observeEventLoop(options.metrics);
  observeCaches(options.metrics, registry);

  const kindOf = ({ info }: RequestContext) => registry.scheme.resource(groupVersionOf(info), info.resource);
  const isLongRunning = (context: RequestContext): boolean => {
    const { info } = context;
    if (info.verb === 'watch') return true;
    // Of subresources of other servers no more is known than their names, and whether the client asks for an upgrade.
    if (aggregation?.remoteOf(info.path)) return isLongRunningName(info.subresource) || context.upgrade !== undefined;
    if (!info.isResourceRequest || info.subresource === '') return false;
    const kind = kindOf(context);
    return kind !== undefined && subresources[`${resourceKey(kind)}/${info.subresource}`]?.longRunning === true;
  };

  const report = (error: unknown, { info }: RequestContext) =>
    log.error({ err: error, verb: info.verb, path: info.path }, 'Request failed unexpectedly');
  const draining = new Draining();
  const meter = requestMeter(options.metrics, {
    served: ({ info }) => servedAs(info, registry.scheme, subresources),
    isLongRunning,
  });
  const machinery = {
    registry,
    plugins,
    watchTimeout: options.watchTimeout ?? 1_800_000,
    watchListed: meter.watchListed,
  };
  const run = compose(
    [
      recovery(report),
      meter.link,
      recovery(report), // once more inside, so that metering sees the code that was answered
      ...(options.front ?? []),
      draining.link(isLongRunning),
      deadline(options.requestTimeout ?? 60_000, isLongRunning, meter.late),
      ...(options.started ? [starting(options.started)] : []),
      ...options.links,
    ],
    (context) => {
      const remote = aggregation?.remoteOf(context.info.path);
      if (remote) return aggregation!.passOn(context, remote);
      return context.info.isResourceRequest
        ? dispatch(context, machinery, registry.hooks, subresources)
        : pages(context);
    },
  );

  const handshakeErrors = counters(options.metrics, {
    name: 'apiserver_tls_handshake_errors_total',
    help: 'Connections that ended because TLS could not be agreed on.',
  }).of({});
  const handle = (req: IncomingMessage, res: ServerResponse, upgrade?: RequestContext['upgrade']) =>
    run(contextOf(req, res, upgrade));
  return {
    handle,
    draining,
    async listen(where) {
      const listening = await listen(where, handle, handshakeErrors, log);
      if (address === '') address = `${where.host}:${listening.port}`;
      return listening;
    },
  };
}

/** The checks behind each health endpoint. */
function healthChecks(options: ServerOptions): Readonly<Record<string, Checks>> {
  const { live = {}, working = {}, startup = {}, livezGrace = 0, ready = {}, ending = {} } = options;
  const begun = Date.now();
  const lenient = Object.entries(startup).map(([name, check]): [string, Check] => [
    name,
    () => (Date.now() - begun < livezGrace ? undefined : check()),
  ]);
  return {
    healthz: { ...live, ...working, ...startup },
    livez: { ...live, ...Object.fromEntries(lenient) },
    readyz: { ...live, ...working, ...ready, ...startup, ...ending },
  };
}

function contextOf(req: IncomingMessage, res: ServerResponse, upgrade: RequestContext['upgrade']): RequestContext {
  const url = req.url ?? '/';
  const mark = url.indexOf('?');
  const sent = req.headers['audit-id'];
  // What has other characters may be no value of a header again.
  const auditId = typeof sent === 'string' && /^[\x20-\x7e]+$/.test(sent) ? sent : randomUUID();
  res.setHeader('Audit-Id', auditId);
  res.setHeader('Cache-Control', 'no-cache, private');
  const gone = new AbortController();
  const context: RequestContext = {
    req,
    res,
    ...(upgrade ? { upgrade } : {}),
    info: requestInfoOf(req.method ?? 'GET', url),
    query: parametersIn(mark < 0 ? '' : url.slice(mark + 1)),
    user: { ...anonymousUser, uid: '', groups: [...anonymousUser.groups], extra: {} },
    auditId,
    warnings: new Warnings(),
    annotations: new Map(),
    signal: gone.signal,
    receivedAt: Date.now(),
    startedAt: performance.now(),
    waited: 0,
    latencies: unmeasured,
    counted: 'no',
    sent: 0,
  };
  res.once('close', () => {
    // Not writableFinished: HTTP/2's compatibility layer says so of every stream that was cancelled, too.
    if (!res.writableEnded) gone.abort();
    clearTimeout(context.timer);
  });
  return context;
}

type Handle = (req: IncomingMessage, res: ServerResponse, upgrade?: RequestContext['upgrade']) => Promise<void>;

/** Opens a port. Over TLS it speaks HTTP/2 and HTTP/1.1; upgrades (WebSocket, SPDY) arrive over HTTP/1.1. */
async function listen(
  { host, port, tls, maxStreams = 0, sharesPort = false, limits = upstreamLimits }: ListenOptions,
  handle: Handle,
  handshakeErrors: Count,
  log: ServerOptions['log'],
): Promise<Listening> {
  const failed = (error: unknown) => log.error({ err: error }, 'A request ended with an error nothing caught');
  const onRequest = (req: IncomingMessage, res: ServerResponse) => {
    res.on('error', () => undefined); // the connection broke; 'close' tells those who wait
    if (req instanceof PlainRequest) connections.busy(req, res);
    if (answersAtOnce(req, res)) return;
    handle(req, res).catch(failed);
  };
  let byName = tls?.byName;
  const http1 = {
    maxHeaderSize,
    requireHostHeader: false, // answersAtOnce says so, in Go's words
    headersTimeout: limits.headers,
    connectionsCheckingInterval: Math.ceil(limits.headers / 32),
    requestTimeout: 0, // of bodies: --request-timeout ends the request, then Connections what is left of it; streams have none
    keepAliveTimeout: limits.idle,
    // The kernel finds out about clients that are gone without a word.
    keepAlive: true,
    keepAliveInitialDelay: silence,
  };
  const server = tls
    ? createSecureServer(
        {
          ...secureContext(tls),
          ...choosing(() => byName),
          allowHTTP1: true,
          requestCert: true,
          rejectUnauthorized: false,
          settings: { maxConcurrentStreams: maxStreams || defaultStreams, maxHeaderListSize: maxHeaderSize },
          handshakeTimeout: limits.headers,
          ...http1, // on the same port; the types do not know it
          // What is queued for clients that read slowly counts here; the default of 10 MB refuses their next requests.
          maxSessionMemory: 1000,
        },
        onRequest as never, // HTTP/2's request and response stand in for HTTP/1's, by design of its compatibility layer
      )
    : createPlainServer(http1, onRequest);
  server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
    continueOnceRead(req, res);
    onRequest(req, res);
  });
  server.on('checkExpectation', (req: IncomingMessage, res: ServerResponse) => {
    if (req instanceof PlainRequest) refuseExpectation(res);
    else onRequest(req, res);
  });
  server.on('clientError', refuseBytes);
  server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
    handshakeErrors.inc();
    refusePlain(error, socket);
  });
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const res = new PlainResponse(req);
    res.assignSocket(socket as never); // a TLS socket, or a plain one
    // Nothing reads requests from it any more: where the upgrade is not taken, the answer is the last thing on it.
    res.shouldKeepAlive = false;
    res.once('finish', () => socket.end());
    if (answersAtOnce(req, res)) return;
    handle(req, res, { socket, head }).catch(failed);
  });
  const connections = new Connections(limits);
  server.on('connection', (socket: Socket) => connections.add(socket));
  server.on('secureConnection', (socket: Socket) => connections.add(socket));
  server.on('session', (session: ServerHttp2Session) => connections.addSession(session));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, reusePort: sharesPort }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const closed = new Promise<void>((resolve) => server.once('close', resolve));
  const refuse = () => {
    if (!server.listening) return;
    server.close();
    connections.end();
  };
  return {
    port: (server.address() as AddressInfo).port,
    renew: (renewed) => {
      if ('setSecureContext' in server) server.setSecureContext(secureContext(renewed));
      byName = renewed.byName;
    },
    refuse,
    close: async (grace = 0) => {
      refuse();
      const timer = setTimeout(() => connections.destroy(), grace);
      await closed;
      clearTimeout(timer);
    },
  };
}

function secureContext({ clientCa, byName: _, ...context }: Tls): SecureContextOptions {
  return { ...context, ...(clientCa ? { ca: clientCa } : {}) };
}
