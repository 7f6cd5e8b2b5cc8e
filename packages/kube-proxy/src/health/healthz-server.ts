import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from '@coracle/client/plain-http';
import type { ProxyHealth } from './proxy-health.ts';

export interface HealthzServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves /healthz (503 also when the node is about to go, so that load balancers leave it) and /livez. Open to everybody, and
 * telling nothing but times: load balancers ask it.
 */
export async function serveHealthz(health: ProxyHealth, { host, port }: HostPort): Promise<HealthzServer> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    if (path !== '/healthz' && path !== '/livez') {
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('404 page not found\n');
      return;
    }
    const times = { lastUpdated: String(health.lastUpdated.toISOString()), currentTime: new Date().toISOString() };
    const ok = health.healthy && (path === '/livez' || health.nodeEligible);
    const body = path === '/healthz' ? { ...times, nodeEligible: health.nodeEligible } : times;
    response.writeHead(ok ? 200 : 503, { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' });
    response.end(request.method === 'HEAD' ? undefined : JSON.stringify(body));
  });
  await listen(server, { host, port });
  return { port: (server.address() as AddressInfo).port, close: () => closed(server) };
}

export interface HostPort {
  host: string;
  port: number;
}

export function listen(server: Server, { host, port }: HostPort): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

export function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
