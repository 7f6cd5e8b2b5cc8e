import { existsSync, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { isForbidden } from '@coracle/api/meta/status';
import { version } from '@coracle/api/version';
import type { DelegatedAccess } from './access.ts';
import { type Checks, reasonsOf, runChecks } from './checks.ts';
import { exposition } from './exposition.ts';
import { type HealthMetrics, healthMetrics } from './health-metrics.ts';
import type { Log } from './log.ts';
import type { Registry } from './metrics.ts';
import { choosing, readServing, type ServingTls } from './serving-certificates.ts';
import { startTime } from './start-time.ts';
import { tlsLimits } from './tls-limits.ts';

export interface StatusServerOptions {
  /** 0 takes any free port. */
  port: number;
  bindAddress: string;
  /** What it shows its clients; without it a self-signed certificate. */
  tls?: ServingTls;
  /** The checks behind /healthz, /livez and /readyz; `readyz` ones count for /readyz only. */
  checks?: Checks;
  readyChecks?: Checks;
  metrics: Registry;
  /** Decides about everything but the health endpoints and /version. Without it the rest is refused. */
  access?: DelegatedAccess;
  /** Further GET paths, behind the same access: `/configz`. */
  pages?: Readonly<Record<string, () => unknown>>;
  log: Log;
}

export interface StatusServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Paths anybody may read. */
const open = ['/healthz', '/livez', '/readyz', '/version'];

/** Serves a component's health and metrics over TLS. Only health and version are open; the rest needs authorization. */
export async function serveStatus(options: StatusServerOptions): Promise<StatusServer> {
  const tls = options.tls ?? selfSignedOnly;
  const { byName, ...shown } = await readServing(tls, options.bindAddress);
  let named = byName;
  const server = createServer({
    ...shown,
    ...choosing(() => named),
    requestCert: true,
    rejectUnauthorized: false,
  });
  const health = healthMetrics();
  server.on('request', (request, response) => {
    answer(options, health, request, response).catch((error) => {
      options.log.error({ err: error, path: request.url }, 'Failed to answer');
      if (!response.headersSent) reply(response, 500, 'text/plain; charset=utf-8', 'Internal Server Error\n');
      else response.destroy();
    });
  });
  const reload = reloading(tls, options.log, async () => {
    const { byName, ...shown } = await readServing(tls, options.bindAddress);
    server.setSecureContext(shown);
    named = byName;
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.bindAddress, resolve);
  });
  const { port } = server.address() as AddressInfo;
  options.log.info({ address: options.bindAddress, port }, 'Serving securely');
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        clearInterval(reload);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  options: StatusServerOptions,
  health: HealthMetrics,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://localhost');
  const path = url.pathname.replace(/(?<=.)\/$/, '');
  const [, endpoint = '', single] = path.split('/');
  if (!open.includes(`/${endpoint}`)) {
    const refused = await refusal(options.access, request, path);
    if (refused) return reply(response, refused.status, 'text/plain; charset=utf-8', `${refused.message}\n`);
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return reply(response, 405, 'text/plain; charset=utf-8', 'Method Not Allowed\n');
  }
  if (path === '/version') return reply(response, 200, 'application/json', JSON.stringify(version, null, 2));
  if (path === '/metrics' || path === '/metrics/slis') {
    const { registry } = path === '/metrics' ? { registry: options.metrics } : health;
    const { text, contentType } = await exposition(registry, request.headers.accept);
    response.setHeader(startTime.name, startTime.value);
    return reply(response, 200, contentType, text);
  }
  if (open.includes(`/${endpoint}`)) {
    const checks: Checks = { ...options.checks, ...(endpoint === 'readyz' ? options.readyChecks : {}) };
    const wanted = single === undefined ? checks : single === 'ping' ? {} : pick(checks, single);
    if (wanted) {
      const failed = (failures: ReadonlyMap<string, unknown>): void =>
        options.log.warn({ checks: reasonsOf(failures) }, 'Health check failed');
      const { status, body } = await runChecks(endpoint, wanted, url.searchParams, failed, health.observe);
      return reply(response, status, 'text/plain; charset=utf-8', body);
    }
  }
  const page = options.pages && Object.hasOwn(options.pages, path) ? options.pages[path] : undefined;
  if (page) return reply(response, 200, 'application/json', JSON.stringify(page()));
  reply(response, 404, 'text/plain; charset=utf-8', '404 page not found\n');
}

const pick = (checks: Checks, name: string): Checks | undefined =>
  Object.hasOwn(checks, name) ? { [name]: checks[name]! } : undefined;

async function refusal(
  access: DelegatedAccess | undefined,
  request: IncomingMessage,
  path: string,
): Promise<{ status: 401 | 403; message: string } | undefined> {
  if (!access) return { status: 403, message: 'Forbidden' };
  const user = await access.authenticate(request);
  if (!user) return { status: 401, message: 'Unauthorized' };
  const verb = (request.method ?? 'GET').toLowerCase();
  try {
    if (await access.authorize(user, { nonResourceAttributes: { path, verb } })) return undefined;
  } catch (error) {
    if (!isForbidden(error)) throw error;
  }
  return {
    status: 403,
    message: `Forbidden: User ${JSON.stringify(user.name)} cannot ${verb} path ${JSON.stringify(path)}`,
  };
}

function reply(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-cache, private',
    'content-length': Buffer.byteLength(body),
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

const selfSignedOnly: ServingTls = { certFile: '', keyFile: '', named: [], limits: tlsLimits('', []) };

/** Takes up renewed certificates within a minute. */
function reloading(tls: ServingTls, log: Log, take: () => Promise<void>): NodeJS.Timeout | undefined {
  const files = [...(tls.certFile === '' ? [] : [tls.certFile]), ...tls.named.map(({ certFile }) => certFile)];
  if (files.length === 0) return undefined;
  const state = (): string => files.map((file) => (existsSync(file) ? statSync(file).mtimeMs : '')).join();
  let seen = state();
  const check = async (): Promise<void> => {
    const now = state();
    if (now === seen) return;
    try {
      await take();
      seen = now;
      log.info({ files }, 'Reloaded serving certificates');
    } catch (error) {
      log.error({ err: error, files }, 'Cannot use the renewed serving certificates yet');
    }
  };
  return setInterval(check, 60_000).unref();
}
