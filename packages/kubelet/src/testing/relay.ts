/**
 * Relays connections into and out of a network namespace: each argument is `<listen>=<target>`, either of them `unix:/path` or
 * `tcp:<port>` on 127.0.0.1. Unix sockets reach across network namespaces.
 */
import { connect, createServer, type NetConnectOpts } from 'node:net';

for (const pair of process.argv.slice(2)) {
  const [listen = '', target = ''] = pair.split('=');
  createServer((client) => {
    const server = connect(address(target));
    client.pipe(server).pipe(client);
    client.on('error', () => server.destroy());
    server.on('error', () => client.destroy());
  }).listen(address(listen));
}

function address(text: string): NetConnectOpts {
  const value = text.slice(text.indexOf(':') + 1);
  return text.startsWith('unix:') ? { path: value } : { host: '127.0.0.1', port: Number(value) };
}
