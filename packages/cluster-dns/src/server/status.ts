import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from '@coracle/client/plain-http';
import type { Registry } from '@coracle/process/metrics';
import type { Listener } from './listener.ts';

/** Serves /health on every address: 200 as long as the process can answer at all. */
export const serveHealth = (addresses: readonly string[], port: number): Promise<Listener> =>
  serve(
    addresses,
    port,
    text('/health', () => ({ status: 200, body: 'OK' })),
  );

/** Serves /ready: 200 while clients should be sent here, else 503 with what is missing. */
export const serveReady = (addresses: readonly string[], port: number, missing: () => string): Promise<Listener> =>
  serve(
    addresses,
    port,
    text('/ready', () => (missing() === '' ? { status: 200, body: 'OK' } : { status: 503, body: missing() })),
  );

/** Serves /metrics, readable by everyone who reaches the port, as clients expect of a DNS server's. */
export function serveMetrics(
  addresses: readonly string[],
  port: number,
  registry: Registry,
  failed: (error: unknown) => void,
): Promise<Listener> {
  return serve(addresses, port, (request, response) => {
    if (pathOf(request.url) !== '/metrics') return response.writeHead(404).end('404 page not found\n');
    registry.metrics().then(
      (body) => response.writeHead(200, { 'content-type': registry.contentType }).end(body),
      (error) => {
        failed(error);
        response.writeHead(500).end();
      },
    );
  });
}

const pathOf = (url = '/'): string => url.replace(/\?.*$/, '');

const text =
  (path: string, answer: () => { status: number; body: string }): RequestListener =>
  (request, response) => {
    const { status, body } = pathOf(request.url) === path ? answer() : { status: 404, body: '404 page not found\n' };
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(body);
  };

/** One server on each address, all with the port that the first one got. */
async function serve(addresses: readonly string[], port: number, listener: RequestListener): Promise<Listener> {
  const servers: Server[] = [];
  let chosen = port;
  for (const host of addresses) {
    const server = createServer(listener);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port: chosen, ipv6Only: true }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    chosen = (server.address() as AddressInfo).port;
    servers.push(server);
  }
  return {
    port: chosen,
    close: async () => {
      await Promise.all(
        servers.map(
          (each) =>
            new Promise<void>((resolve) => {
              each.close(() => resolve());
              each.closeAllConnections();
            }),
        ),
      );
    },
  };
}
