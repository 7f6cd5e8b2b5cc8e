import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Log } from '@coracle/process';
import type { Access } from './access.ts';
import { requiredAccess } from './authorization.ts';
import type { ServingCertificate } from './certificate.ts';
import { HttpError } from './errors.ts';
import { refuse } from './streaming.ts';

/** Answers a request; `path` holds the decoded parts after the first. */
export type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  path: readonly string[],
  query: URLSearchParams,
) => Promise<void>;
export type UpgradeHandler = (
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  path: readonly string[],
  query: URLSearchParams,
) => Promise<void>;

export interface KubeletServerOptions {
  address: string;
  port: number;
  certificate: ServingCertificate;
  minVersion: 'TLSv1.2' | 'TLSv1.3';
  nodeName: string;
  access: Access;
  /** By the first part of the path. */
  handlers: Readonly<Record<string, Handler>>;
  upgrades: Readonly<Record<string, UpgradeHandler>>;
  log: Log;
}

/** Serves the kubelet's own API over TLS; every request is authenticated and authorized. Returns what closes it. */
export async function serveKubelet(options: KubeletServerOptions): Promise<() => void> {
  const { log, certificate } = options;
  const server = createServer({
    ...(await certificate.read()),
    minVersion: options.minVersion,
    requestCert: true,
    // Who sent a certificate is decided per request; without one a token may do.
    rejectUnauthorized: false,
  });
  server.on('request', (request, response) => {
    answer(options, request, response).catch((error) => fail(response, error, request, log));
  });
  server.on('upgrade', (request, client, head) => {
    client.on('error', () => client.destroy());
    upgrade(options, request, client, head).catch((error) => {
      const status = error instanceof HttpError ? error.status : 500;
      if (!(error instanceof HttpError)) log.error({ err: error, path: pathOf(request) }, 'Failed to answer');
      refuse(client, status, (error as Error).message);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.address, resolve);
  });
  log.info({ address: options.address, port: options.port }, 'Starting to listen');
  const reload = (): void => {
    certificate
      .read()
      .then((pair) => server.setSecureContext({ ...pair, minVersion: options.minVersion }))
      .catch((error) => log.error({ err: error }, 'Cannot use the renewed serving certificate yet'));
  };
  const unfollow = certificate.follow(reload);
  return () => {
    unfollow();
    server.close();
    server.closeAllConnections();
  };
}

async function answer(
  options: KubeletServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { url, first, parts } = await admitted(options, request);
  if (Object.hasOwn(options.upgrades, first)) throw new HttpError(400, 'Upgrade request required');
  const handler = Object.hasOwn(options.handlers, first) ? options.handlers[first] : undefined;
  if (!handler) throw new HttpError(404, '404 page not found');
  if (request.method !== 'GET' && request.method !== 'HEAD') throw new HttpError(405, '405: Method Not Allowed');
  await handler(request, response, parts, url.searchParams);
}

async function upgrade(
  options: KubeletServerOptions,
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
): Promise<void> {
  const { url, first, parts } = await admitted(options, request);
  const handler = Object.hasOwn(options.upgrades, first) ? options.upgrades[first] : undefined;
  if (!handler) throw new HttpError(404, '404 page not found');
  await handler(request, client, head, parts, url.searchParams);
}

/** The request taken apart, if its sender may make it. */
async function admitted({ access, nodeName }: KubeletServerOptions, request: IncomingMessage) {
  const url = new URL(request.url ?? '/', 'https://kubelet');
  const user = await access.authenticate(request);
  if (!user) throw new HttpError(401, 'Unauthorized');
  const wanted = requiredAccess(request.method ?? 'GET', url.pathname, nodeName);
  let allowed = false;
  for (const attributes of wanted) allowed ||= await access.authorize(user, attributes);
  if (!allowed) {
    const [{ resourceAttributes }] = wanted as [(typeof wanted)[number]];
    throw new HttpError(
      403,
      `Forbidden (user=${user.name}, verb=${resourceAttributes?.verb}, resource=nodes, subresource(s)=[${wanted.map((each) => each.resourceAttributes?.subresource).join(' ')}])`,
    );
  }
  const [first = '', ...parts] = url.pathname.split('/').slice(1).map(decodeURIComponent);
  return { url, first, parts: parts.filter((each, i) => each !== '' || i < parts.length - 1) };
}

const pathOf = (request: IncomingMessage): string => new URL(request.url ?? '/', 'https://kubelet').pathname;

function fail(response: ServerResponse, error: unknown, request: IncomingMessage, log: Log): void {
  const status = error instanceof HttpError ? error.status : 500;
  if (status === 500) log.error({ err: error, path: pathOf(request) }, 'Failed to answer');
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${(error as Error).message}\n`);
}
