import {
  type ClientHttp2Stream,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { type AddressInfo, connect, createServer as createRelay, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Connection } from './connection.ts';

let server: Http2Server;
/** Stands between; what is in `relayed` can be held. */
let relay: Server;
const relayed: Socket[] = [];
let connection: Connection;

const portOf = (of: Http2Server | Server): number => (of.address() as AddressInfo).port;
const listening = (of: Http2Server | Server) => new Promise<void>((resolve) => of.listen(0, '127.0.0.1', resolve));

beforeAll(async () => {
  server = createServer();
  server.on('stream', (stream: ServerHttp2Stream, { ':path': path }: IncomingHttpHeaders) => {
    if (path === '/') stream.respond({ ':status': 200 }, { endStream: true });
    else stream.respond({ ':status': 200 });
  });
  await listening(server);
  relay = createRelay((client) => {
    const inner = connect(portOf(server), '127.0.0.1');
    relayed.push(client, inner);
    for (const socket of [client, inner]) socket.on('error', () => undefined);
    client.pipe(inner).pipe(client);
  });
  await listening(relay);
  connection = new Connection({ url: `http://127.0.0.1:${portOf(relay)}`, keepAlive: { every: 20, patience: 200 } });
});
afterAll(async () => {
  connection.close();
  for (const socket of relayed) socket.destroy();
  await Promise.all([server, relay].map((each) => new Promise((resolve) => each.close(resolve))));
});

it('a call in the moment in which a member that hangs is given up goes over a new connection', async () => {
  const lost = await connection.open({ ':path': '/hangs' });
  await new Promise((resolve) => lost.once('response', resolve));
  const again = new Promise<ClientHttp2Stream>((resolve, reject) => {
    lost.once('error', () => connection.open({ ':path': '/' }).then(resolve, reject));
  });
  relayed[0]!.unpipe().pause();
  const stream = await again;
  await expect(new Promise((resolve) => stream.once('response', resolve))).resolves.toMatchObject({ ':status': 200 });
});
