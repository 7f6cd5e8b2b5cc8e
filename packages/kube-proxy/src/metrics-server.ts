import { createServer } from '@coracle/client/plain-http';
import type { Registry } from '@coracle/process/metrics';
import type { HostPort } from './health/healthz-server.ts';
import { listen } from './health/healthz-server.ts';

/** Serves /metrics, /proxyMode and /configz in plain text, to whoever reaches the address: bind it to loopback. */
export async function serveMetrics(registry: Registry, configuration: object, at: HostPort): Promise<void> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const text = (status: number, body: string, type = 'text/plain; charset=utf-8') =>
      response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' }).end(body);
    if (path === '/proxyMode') text(200, 'nftables');
    else if (path === '/healthz') text(200, 'ok');
    else if (path === '/configz')
      text(200, JSON.stringify({ 'kubeproxy.config.k8s.io': configuration }), 'application/json');
    else if (path === '/metrics') {
      registry.metrics().then(
        (body) => text(200, body, registry.contentType),
        (error: Error) => text(500, `${error.message}\n`),
      );
    } else text(404, '404 page not found\n');
  });
  await listen(server, at);
}
