import type { AddressInfo } from 'node:net';
import { createServer } from '@coracle/client/plain-http';
import type { Registry } from '@coracle/process/metrics';
import { UsageError } from '@coracle/process/program';

/** How the network of this node is. */
export class OverlayHealth {
  /** What is still to be done before pods may start. */
  pending: string | undefined = 'starting';
  /** Why the last look at the kernel failed. */
  failing: string | undefined;

  /** Undefined when the network stands. */
  get problem(): string | undefined {
    return this.failing ?? this.pending;
  }
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Reads `127.0.0.1:10247`; undefined for `0` and the empty string. Throws UsageError. */
export function bindAddress(text: string): { host: string; port: number } | undefined {
  if (text === '' || text === '0') return undefined;
  const [, host = '', port = ''] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
  if (host === '' || Number(port) > 65_535) {
    throw new UsageError(`--healthz-bind-address: ${JSON.stringify(text)} is no IP address and port`);
  }
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

/** Serves /healthz (503, with the reason, until the network stands), /livez and /metrics. */
export function serveHealth(
  health: OverlayHealth,
  metrics: Registry,
  { host, port }: { host: string; port: number },
): Promise<HealthServer> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const reply = (status: number, body: string, type = 'text/plain; charset=utf-8') => {
      response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' });
      response.end(request.method === 'HEAD' ? undefined : body);
    };
    if (pathname === '/livez') reply(200, 'ok');
    else if (pathname === '/healthz' || pathname === '/readyz') {
      if (health.problem === undefined) reply(200, 'ok');
      else reply(503, `${health.problem}\n`);
    } else if (pathname === '/metrics') reply(200, await metrics.metrics(), metrics.contentType);
    else reply(404, '404 page not found\n');
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const close = () =>
        new Promise<void>((closed) => {
          server.close(() => closed());
          server.closeAllConnections();
        });
      resolve({ port: (server.address() as AddressInfo).port, close });
    });
  });
}
