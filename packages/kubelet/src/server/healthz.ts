import { createServer } from '@coracle/client/plain-http';

/** Serves /healthz in plain text on an address of the machine itself. Returns what closes it. */
export async function serveHealthz(
  address: string,
  port: number,
  problem: () => string | undefined,
): Promise<() => void> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    if (!/^\/healthz(\/|$)/.test(path)) return void response.writeHead(404).end('404 page not found\n');
    const found = problem();
    response.writeHead(found ? 500 : 200, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(found ? `[-]syncloop failed: ${found}\nhealthz check failed\n` : 'ok');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  });
  return () => {
    server.close();
    server.closeAllConnections();
  };
}
