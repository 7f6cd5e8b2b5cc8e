import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { node } from '@coracle/api/core/v1/node';
import { pod } from '@coracle/api/core/v1/pod';
import { service } from '@coracle/api/core/v1/service';
import { endpointSlice } from '@coracle/api/discovery/v1/endpointslice';
import type { Endpoint } from '@coracle/api/types/discovery/v1';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Call, callsTo } from '../testing/http.ts';
import { startApiServer, type TestServer } from '../testing.ts';
import { clientLocation, type Frame } from './location.ts';
import { requireProxyable, requireProxyableHost } from './proxyable.ts';

/** An address of this machine that a pod could have. */
const ip = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find((each) => each.family === 'IPv4' && !each.internal && !each.address.startsWith('169.254.'))!.address;
const pods = '/api/v1/namespaces/default/pods';

let server: TestServer;
let call: Call;
let target: Server;
let port: number;

beforeAll(async () => {
  target = createServer(async (req, res) => {
    if (req.url === '/moved') {
      res.writeHead(302, { location: '/elsewhere?a=1' }).end();
      return;
    }
    const { authorization, cookie, 'x-forwarded-uri': uri } = req.headers;
    const seen = { method: req.method, url: req.url, authorization, cookie, uri, body: await text(req) };
    res.writeHead(418, { 'content-type': 'application/json', 'x-seen': 'yes' }).end(JSON.stringify(seen));
  });
  target.on('upgrade', (_req, socket, head) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.write(head);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => target.listen(0, ip, resolve));
  port = (target.address() as AddressInfo).port;
  server = await startApiServer();
  call = callsTo(server.url);
  const running = async (name: string, podIP: string) => {
    const containers = [{ name: 'c', image: 'x', ports: [{ containerPort: port }] }];
    const made = await server.client.create(pod, { metadata: { name, namespace: 'default' }, spec: { containers } });
    await server.client.updateStatus(pod, { ...made, status: { podIP, podIPs: [{ ip: podIP }] } });
  };
  await running('web', ip);
  await running('here', '127.0.0.1');
  const made = await server.client.create(node, { metadata: { name: 'n1' }, spec: {} });
  await server.client.updateStatus(node, { ...made, status: { addresses: [{ type: 'InternalIP', address: ip }] } });
  const metadata = { name: 'web', namespace: 'default' };
  await server.client.create(service, { metadata, spec: { ports: [{ name: 'http', port: 81 }] } });
  const bare = { name: 'bare', namespace: 'default' };
  await server.client.create(service, { metadata: bare, spec: { ports: [{ name: 'http', port: 81 }] } });
  const targetRef = { kind: 'Pod', name: 'web', namespace: 'default' };
  const ports = [{ name: 'http', port }];
  const slice = (name: string, targets: Endpoint[]) =>
    server.client.create(endpointSlice, {
      metadata: { name: `${name}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: targets,
      ports,
    });
  const gone = { addresses: ['192.0.2.1'], conditions: { ready: false }, targetRef };
  await slice('web', [gone, { addresses: [ip], targetRef }]);
  const stray = { name: 'stray', namespace: 'default' };
  await server.client.create(service, { metadata: stray, spec: { ports: [{ name: 'http', port: 81 }] } });
  await slice('stray', [{ addresses: [ip] }]);
});

afterAll(async () => {
  await server.close();
  target.closeAllConnections();
  target.close();
});

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

describe('proxy of pods', () => {
  it.each(methods)('passes %s on', async (method) => {
    const body = method === 'GET' ? undefined : 'text';
    const headers = { authorization: 'Bearer mine', cookie: 'a=b' };
    const answer = await call(method, `${pods}/web/proxy/a%20b/c?fieldValidation=odd`, body, headers);
    expect(answer.status).toBe(418);
    expect(answer.headers.get('x-seen')).toBe('yes');
    const uri = `${pods}/web/proxy/a%20b/c`;
    expect(answer.body).toEqual({ method, url: '/a%20b/c?fieldValidation=odd', cookie: 'a=b', uri, body: body ?? '' });
  });

  it('redirects from the bare path to the folder, and rewrites redirects within the target', async () => {
    const bare = await call('GET', `${pods}/web/proxy?a=1`);
    expect([bare.status, bare.headers.get('location')]).toEqual([301, `${pods}/web/proxy/?a=1`]);
    const moved = await call('GET', `${pods}/web/proxy/moved`);
    expect([moved.status, moved.headers.get('location')]).toEqual([302, `${pods}/web/proxy/elsewhere?a=1`]);
    const asked = await call('GET', `${pods}/web/proxy?path=a%20b`);
    expect([asked.status, asked.headers.get('location')]).toEqual([301, `${pods}/web/proxy/?path=a%20b`]);
  });

  it('takes an upgrade through', async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    const read = text(socket);
    socket.write(`GET ${pods}/web/proxy/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nping`);
    socket.end();
    expect(await read).toMatch(/^HTTP\/1.1 101 Switching Protocols\r\n(.+\r\n)*Upgrade: echo\r\n\r\nping$/);
  });

  it.each([
    ['none', 404, 'pods "none" not found'],
    ['here', 400, 'address not allowed'],
    ['a:b:c:d', 400, 'invalid pod request "a:b:c:d"'],
    ['ftp:web:1', 400, 'invalid pod request "ftp:web:1"'],
    ['web:1', 503, `error trying to reach service: dial tcp ${ip}:1: connect: connection refused`],
  ])('refuses %s', async (name, code, message) => {
    expect((await call('GET', `${pods}/${name}/proxy/`)).body).toMatchObject({ kind: 'Status', code, message });
  });
});

describe('proxy of nodes', () => {
  it.each(methods)('passes %s on', async (method) => {
    const body = method === 'GET' ? undefined : 'text';
    const answer = await call(method, `/api/v1/nodes/http:n1:${port}/proxy/a?b=c`, body);
    expect([answer.status, answer.body]).toMatchObject([418, { method, url: '/a?b=c', body: body ?? '' }]);
  });
});

describe('proxy of services', () => {
  it.each(methods)('passes %s on', async (method) => {
    const body = method === 'GET' ? undefined : 'text';
    const answer = await call(method, '/api/v1/namespaces/default/services/web:http/proxy/a?b=c', body);
    expect([answer.status, answer.body]).toMatchObject([418, { method, url: '/a?b=c', body: body ?? '' }]);
  });

  it.each([
    ['web:http', 418, undefined],
    ['http:web:81', 418, undefined],
    ['web', 503, 'no endpoints available for service "web"'],
    ['web:82', 503, 'no service port 82 found for service "web"'],
    ['stray:81', 503, 'no endpoints available for service "stray:81"'],
    ['https:web:other', 503, 'no endpoints available for service "https:web:other"'],
    ['https:bare:81', 503, 'no endpoints available for service "bare"'],
    ['none:81', 404, 'services "none" not found'],
  ])('of %s', async (name, code, message) => {
    const answer = await call('GET', `/api/v1/namespaces/default/services/${name}/proxy/`);
    expect([answer.status, answer.body.message]).toEqual([code, message]);
  });
});

const ofPod: Frame = { prefix: '/proxy', target: '10.0.0.1:80', asked: 'api:6443', origin: '' };
const ofExtension: Frame = {
  prefix: '',
  target: '10.0.0.1:443',
  asked: '10.0.0.1:443',
  origin: 'https://10.0.0.1:443',
};
it.each<[string, Frame, string]>([
  ['http://10.0.0.1:80/a?b#c', ofPod, '/proxy/a?b#c'],
  ['http://api:6443/a/', ofPod, 'http://api:6443/proxy/a/'],
  ['http://10.0.0.1:80', ofPod, 'http://10.0.0.1:80'],
  ['http://other/a', ofPod, 'http://other/a'],
  ['a', ofPod, 'a'],
  ['/proxy/a', ofPod, '/proxy/a'],
  ['/', ofPod, '/proxy/'],
  ['/a//b?c', ofPod, '/proxy/a/b?c'],
  ['/a//b?c', ofExtension, 'https://10.0.0.1:443/a//b?c'],
  ['a', ofExtension, 'a'],
  ['http://other/a', ofExtension, 'http://other/a'],
])('the location %s of %j is for the client %s', (location, frame, expected) => {
  expect(clientLocation(location, frame)).toBe(expected);
});

it.each(['', '127.0.0.1', '::1', '169.254.169.254', 'fe80::1', '224.0.0.1', '::ffff:127.0.0.1'])(
  'nothing is proxied to %s',
  (address) => {
    expect(() => requireProxyable(address)).toThrow('address not allowed');
  },
);

it('nothing is proxied to names of such addresses, nor to names that are none', async () => {
  await expect(requireProxyableHost('localhost')).rejects.toThrow('address not allowed');
  await expect(requireProxyableHost('nowhere.invalid')).rejects.toThrow('lookup nowhere.invalid: no such host');
});
