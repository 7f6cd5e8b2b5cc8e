import { once } from 'node:events';
import { createServer } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, it } from '@jest/globals';
import { dialMessage } from './http1.ts';

const server = new URL('https://10.0.0.1:443');
const openssl = (why: string) => {
  const where = '../rec_layer_s3.c:916:SSL alert number 42';
  const text = `write EPROTO 0033AB1A:error:0A000412:SSL routines:ssl3_read_bytes:${why}:${where}\n`;
  return Object.assign(new Error(text), { code: 'EPROTO' });
};

it.each([
  ['ssl/tls alert bad certificate', 'remote error: tls: bad certificate'],
  ['tlsv1 alert unknown ca', 'remote error: tls: unknown certificate authority'],
  ['tlsv13 alert certificate required', 'remote error: tls: certificate required'],
  ['tlsv1 alert protocol version', 'remote error: tls: protocol version not supported'],
])('a handshake that fails with %s is told as Go tells it', (why, expected) => {
  expect(dialMessage(server, openssl(why))).toBe(expected);
});

it('a server without TLS is told of as Go tells of it', async () => {
  const plain = createServer();
  plain.listen(0, '127.0.0.1');
  await once(plain, 'listening');
  const { port } = plain.address() as AddressInfo;
  const outgoing = secureRequest({ host: '127.0.0.1', port, agent: false });
  outgoing.end();
  const [error] = (await once(outgoing, 'error')) as [NodeJS.ErrnoException];
  plain.close();
  expect(dialMessage(new URL(`https://127.0.0.1:${port}`), error)).toBe(
    'http: server gave HTTP response to HTTPS client',
  );
});
