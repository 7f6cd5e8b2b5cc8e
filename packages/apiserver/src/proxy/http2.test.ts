import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { pod } from '@coracle/api/core/v1/pod';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ownAddress } from '../testing/extension-server.ts';
import { type SecureServer, startSecureServer } from '../testing/secure-server.ts';

let server: SecureServer;
let target: Server;
let session: ClientHttp2Session;
let answer: string;

beforeAll(async () => {
  target = createServer((socket) => socket.once('data', () => socket.end(answer, 'latin1')));
  await new Promise<void>((resolve) => target.listen(0, ownAddress, resolve));
  server = await startSecureServer();
  const { admin } = server;
  await admin.create(serviceAccount, { metadata: { name: 'default', namespace: 'default' } });
  const ports = [{ containerPort: (target.address() as AddressInfo).port }];
  const metadata = { name: 'web', namespace: 'default' };
  const made = await admin.create(pod, { metadata, spec: { containers: [{ name: 'c', image: 'x', ports }] } });
  await admin.updateStatus(pod, { ...made, status: { podIP: ownAddress, podIPs: [{ ip: ownAddress }] } });
  const { caData, certData, keyData } = await server.configOf('jane', 'system:masters');
  session = connect(server.url, { ca: caData!, cert: certData!, key: keyData! });
});
afterAll(async () => {
  session.close();
  await server.close();
  target.close();
});

it('what HTTP/1.1 lets a target say, and HTTP/2 does not, does not keep the rest from the client', async () => {
  const said = [
    'HTTP2-Settings: x',
    'Keep-Alive: 1',
    'Connection: X-Hop',
    'X-Hop: 1',
    'Content-Type: a',
    'Content-Type: b',
  ];
  answer = `HTTP/1.1 200 OK\r\n${said.join('\r\n')}\r\nTrailer: X-T\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: yes\r\n\r\n`;
  const stream = session.request({ ':path': '/api/v1/namespaces/default/pods/web/proxy/' });
  const [headers, trailers, body] = await Promise.all([
    new Promise<IncomingHttpHeaders>((resolve) => stream.once('response', resolve)),
    new Promise<IncomingHttpHeaders>((resolve) => stream.once('trailers', resolve)),
    stream.toArray().then((parts) => Buffer.concat(parts as Buffer[]).toString()),
  ]);
  expect(headers).toMatchObject({ ':status': 200, 'content-type': 'b', trailer: 'X-T' });
  for (const gone of ['http2-settings', 'keep-alive', 'x-hop']) expect(headers).not.toHaveProperty(gone);
  expect([body, trailers['x-t']]).toEqual(['ok', 'yes']);
});
