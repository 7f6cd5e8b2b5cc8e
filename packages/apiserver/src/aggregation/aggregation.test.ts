import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { apiService } from '@coracle/api/apiregistration/v1/apiservice';
import { namespace } from '@coracle/api/core/v1/namespace';
import { service } from '@coracle/api/core/v1/service';
import { endpointSlice } from '@coracle/api/discovery/v1/endpointslice';
import { findCondition } from '@coracle/api/meta/conditions';
import type { APIServiceCondition } from '@coracle/api/types/apiregistration/v1';
import type { Client } from '@coracle/client/client';
import type { RestConfig } from '@coracle/client/config';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aggregatedType } from '../discovery/aggregated.ts';
import { eventually } from '../testing/expectations.ts';
import { type ExtensionServer, ownAddress, startExtensionServer } from '../testing/extension-server.ts';
import { type SecureServer, startSecureServer } from '../testing/secure-server.ts';

const root = '/apis/wardle.example.com/v1';
const flunders = `${root}/namespaces/default/flunders`;
const name = 'v1.wardle.example.com';

let extension: ExtensionServer;
let server: SecureServer;
let admin: Client;
let config: RestConfig;

beforeAll(async () => {
  extension = await startExtensionServer();
  server = await startSecureServer(...extension.flags);
  admin = server.admin;
  config = await server.configOf('jane', 'system:masters', 'crew');
  await admin.create(namespace, { metadata: { name: 'wardle' }, spec: {} });
  await extension.register(admin);
  await available('True');
});
afterAll(async () => {
  await server.close();
  await extension.close();
});

const patch = (body: object) => admin.patch(apiService, name, undefined, { type: 'merge', body });

const condition = async (): Promise<APIServiceCondition | undefined> =>
  findCondition((await admin.get(apiService, name)).status?.conditions, 'Available');

const available = (status: string) => eventually(async () => (await condition())?.status === status);

interface Answer {
  code: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A request over HTTP/1.1 with Jane's certificate, as it is. */
function send(
  path: string,
  {
    method = 'GET',
    headers = {},
    body = '',
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(server.url + path, { ...tls(), method, headers, agent: false }, async (response) =>
      resolve({ code: response.statusCode!, headers: response.headers, body: await text(response) }),
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const tls = () => ({ ca: config.caData!, cert: config.certData!, key: config.keyData! });

interface Upgraded {
  response: IncomingMessage;
  /** All that came after the head. */
  rest: Promise<string>;
}

/** What a connection brings up to the word `ping`; closes it then. */
async function untilPing(socket: Duplex): Promise<string> {
  let all = '';
  for await (const chunk of socket) {
    all += String(chunk);
    if (all.includes('ping')) break;
  }
  return all;
}

/** Asks for an upgrade and says `ping` with it. */
function upgrade(path: string): Promise<Upgraded> {
  return new Promise((resolve, reject) => {
    const outgoing = request(server.url + path, {
      ...tls(),
      agent: false,
      headers: { Connection: 'Upgrade', Upgrade: 'echo', 'X-Remote-User': 'root' },
    });
    outgoing.on('upgrade', (response, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      socket.write('ping');
      resolve({ response, rest: untilPing(socket) });
    });
    outgoing.on('response', (response) => resolve({ response, rest: text(response) }));
    outgoing.on('error', reject);
    outgoing.end();
  });
}

const flunder = (it: string) => ({
  apiVersion: 'wardle.example.com/v1',
  kind: 'Flunder',
  metadata: { name: it },
  spec: { color: 'red' },
});

describe('requests of a group that an extension server serves', () => {
  it('are created, read, listed, watched and deleted there', async () => {
    const made = await admin.request('POST', flunders, { body: flunder('one') });
    expect([made.status, made.json()]).toMatchObject([201, { metadata: { name: 'one' }, spec: { color: 'red' } }]);
    const list = (await admin.request('GET', flunders)).json() as {
      items: object[];
      metadata: { resourceVersion: string };
    };
    expect(list.items).toMatchObject([{ metadata: { name: 'one' } }]);

    const { resourceVersion } = list.metadata;
    const events = new Promise<IncomingMessage>((resolve, reject) =>
      request(
        `${server.url}${flunders}?watch=1&resourceVersion=${resourceVersion}`,
        { ...tls(), agent: false },
        resolve,
      )
        .on('error', reject)
        .end(),
    );
    const watch = await events;
    await admin.request('POST', flunders, { body: flunder('two') });
    for await (const chunk of watch) {
      expect(JSON.parse(String(chunk))).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'two' } } });
      break;
    }
    await admin.request('DELETE', `${flunders}/one`);
    await admin.request('DELETE', `${flunders}/two`);
    await expect(admin.request('GET', `${flunders}/one`)).rejects.toThrow(
      'flunders.wardle.example.com "one" not found',
    );
  });

  it('name the user there, and whatever the client says of users is taken off', async () => {
    const seen: Record<string, IncomingHttpHeaders> = {};
    extension.instead.set(`${root}/seen`, (req, res) => {
      seen.headers = req.headers;
      res.writeHead(200, { 'Cache-Control': 'max-age=1', 'Audit-Id': 'other' }).end('seen');
    });
    const forged = {
      'X-Remote-User': 'root',
      'X-Remote-Group': 'system:masters',
      'X-Remote-Extra-Scopes': 'all',
      'X-Remote-Uid': '0',
      'Audit-Id': 'mine',
      'X-Own': 'kept',
    };
    const { body, headers } = await send(`${root}/seen`, {
      headers: {
        ...forged,
        'Impersonate-User': Buffer.from('jan é').toString('latin1'),
        'Impersonate-Uid': '7',
        'Impersonate-Extra-a%2fb': 'c',
        'Impersonate-Group': 'system:masters',
      },
    });
    expect(body).toBe('seen');
    expect([headers['audit-id'], headers['cache-control']]).toEqual(['mine, other', 'no-cache, private, max-age=1']);
    expect(seen.headers).toMatchObject({
      'x-remote-user': Buffer.from('jan é').toString('latin1'),
      'x-remote-uid': '7',
      'x-remote-group': 'system:masters, system:authenticated',
      'x-remote-extra-a%2fb': 'c',
      'x-own': 'kept',
      'audit-id': 'mine',
    });
    for (const gone of ['x-remote-extra-scopes', 'impersonate-user', 'impersonate-group', 'authorization'])
      expect(seen.headers).not.toHaveProperty(gone);
  });

  it('that only read share connections', async () => {
    const connections = new Set<unknown>();
    extension.instead.set(`${root}/shared`, (req, res) => {
      connections.add(req.socket);
      res.end('ok');
    });
    for (let i = 0; i < 3; i++) expect((await send(`${root}/shared`)).body).toBe('ok');
    expect(connections.size).toBe(1);
  });

  it('end with their time, here and there', async () => {
    const gone = new Promise<void>((resolve) =>
      extension.instead.set(`${root}/slow`, (req) => void req.socket.once('close', () => resolve())),
    );
    expect(await send(`${root}/slow?timeout=50ms`)).toMatchObject({ code: 504 });
    await gone;
  });

  it('need leave here, before they are passed on', async () => {
    const before = extension.received.length;
    const nobody = await server.as('nobody');
    await expect(nobody.request('GET', flunders)).rejects.toThrow(
      'flunders.wardle.example.com is forbidden: User "nobody" cannot list resource "flunders" in API group "wardle.example.com" in the namespace "default"',
    );
    expect(extension.received.slice(before).filter(({ url }) => url === flunders)).toEqual([]);
  });

  it('are answered with an error where the server redirects', async () => {
    extension.instead.set(`${root}/moved`, (_req, res) =>
      res.writeHead(302, { Location: 'https://example.com/' }).end(),
    );
    const { code, body, headers } = await send(`${root}/moved`);
    expect([code, body]).toEqual([502, 'the backend attempted to redirect this request, which is not permitted']);
    expect(headers).not.toHaveProperty('location');
  });
});

describe('upgrades', () => {
  const path = `${flunders}/one/exec`;

  it('are taken through with all bytes, in the name of the user', async () => {
    extension.upgrade = (req, socket, head) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      socket.write(`${req.headers['x-remote-user']} `);
      socket.write(head);
      socket.pipe(socket);
    };
    const { response, rest } = await upgrade(path);
    expect([response.statusCode, await rest]).toEqual([101, 'jane ping']);
  });

  it('that the server refuses end with its answer, and the connection with it', async () => {
    extension.upgrade = (_req, socket) => {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
    };
    const { response, rest } = await upgrade(path);
    expect([response.statusCode, response.headers.connection, await rest]).toEqual([403, 'close', 'no']);
  });

  it('that the server refuses leave nothing to reach it by: what follows on the connection is not passed on', async () => {
    extension.upgrade = (_req, socket) => {
      socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
    };
    const { port } = new URL(server.url);
    const socket = connect({ ...tls(), host: '127.0.0.1', port: Number(port) });
    const before = extension.received.length;
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`);
    socket.write(`GET ${flunders}?smuggled HTTP/1.1\r\nHost: x\r\nX-Remote-User: root\r\n\r\n`);
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1.1 403 Forbidden\r\n(.+\r\n)*\r\nno$/);
    const seen = extension.received.slice(before).map(({ url }) => url);
    expect(seen.filter((url) => url?.startsWith(flunders))).toEqual([path]);
  });

  it('that the server answers with something else are errors', async () => {
    extension.upgrade = (_req, socket) => {
      socket.end('HTTP/1.1 302 Found\r\nLocation: https://example.com\r\nContent-Length: 0\r\n\r\n');
    };
    const { response, rest } = await upgrade(path);
    expect([response.statusCode, await rest]).toEqual([503, 'invalid upgrade response: status code 302\n']);
  });
});

interface Discovered {
  items: { metadata: { name?: string }; versions: { version: string; freshness: string; resources?: object[] }[] }[];
}

const discovery = async () =>
  (await admin.request('GET', '/apis', { headers: { accept: aggregatedType } })).json() as Discovered;
const wardle = async () => (await discovery()).items.find(({ metadata }) => metadata.name === 'wardle.example.com');

describe('what the server serves', () => {
  it('is in discovery of both forms, by its priority', async () => {
    await eventually(async () => (await wardle())?.versions[0]?.freshness === 'Current');
    expect(await wardle()).toMatchObject({
      versions: [
        {
          version: 'v1',
          resources: [
            { resource: 'flunders', scope: 'Namespaced', shortNames: ['fl'], responseKind: { kind: 'Flunder' } },
          ],
        },
      ],
    });
    const { groups } = (await admin.request('GET', '/apis')).json() as { groups: { name: string }[] };
    expect(groups.at(-1)).toEqual({
      name: 'wardle.example.com',
      versions: [{ groupVersion: 'wardle.example.com/v1', version: 'v1' }],
      preferredVersion: { groupVersion: 'wardle.example.com/v1', version: 'v1' },
    });
    const group = await admin.request('GET', '/apis/wardle.example.com');
    expect(group.json()).toMatchObject({ kind: 'APIGroup', name: 'wardle.example.com' });
    const list = (await admin.request('GET', root)).json();
    expect(list).toMatchObject({ kind: 'APIResourceList', resources: [{ name: 'flunders' }] });
  });

  it('is described by OpenAPI v3, which is asked there, and by v2', async () => {
    const index = (await admin.request('GET', '/openapi/v3')).json() as {
      paths: Record<string, { serverRelativeURL: string }>;
    };
    const { serverRelativeURL } = index.paths['apis/wardle.example.com/v1']!;
    expect(serverRelativeURL).toMatch(/^\/openapi\/v3\/apis\/wardle.example.com\/v1\?hash=\w+$/);
    const document = (await admin.request('GET', serverRelativeURL)).json() as { components: { schemas: object } };
    expect(document.components.schemas).toHaveProperty(['com.example.wardle.v1.Flunder']);
    const v2 = (await admin.request('GET', '/openapi/v2')).json() as { definitions: object };
    expect(v2.definitions).toHaveProperty(['com.example.wardle.v1.Flunder']);
    expect(v2.definitions).toHaveProperty(['io.k8s.api.core.v1.Pod']);
  });
});

it('a server that describes itself by OpenAPI v2 alone is described by v3 made of it', async () => {
  const place = async () => {
    const { paths } = (await admin.request('GET', '/openapi/v3')).json() as {
      paths: Record<string, { serverRelativeURL: string } | undefined>;
    };
    return paths['apis/wardle.example.com/v1']?.serverRelativeURL;
  };
  const before = await place();
  const none = (path: string) => extension.instead.set(path, (_req, res) => void res.writeHead(404).end());
  none('/openapi/v3');
  none('/openapi/v3/apis/wardle.example.com/v1');
  extension.instead.set('/openapi/v2', (_req, res) => {
    const $ref = '#/definitions/com.example.wardle.v1.Flunder';
    const document = {
      swagger: '2.0',
      info: { title: 'Wardle', version: 'v0' },
      paths: {
        '/apis/wardle.example.com/v1/flunders': {
          post: {
            consumes: ['application/json'],
            produces: ['application/json', 'application/yaml'],
            parameters: [
              { name: 'body', in: 'body', required: true, schema: { $ref } },
              { name: 'dryRun', in: 'query', type: 'string', uniqueItems: true },
            ],
            responses: { 200: { description: 'OK', schema: { $ref } }, 401: { description: 'Unauthorized' } },
          },
        },
        '/apis/other.example.com/v1/others': {},
      },
      definitions: {
        'com.example.wardle.v1.Flunder': {
          type: 'object',
          properties: { spec: { description: 'made of v2', type: 'object' } },
          'x-kubernetes-group-version-kind': [{ group: 'wardle.example.com', version: 'v1', kind: 'Flunder' }],
        },
        'com.example.other.v1.Other': { type: 'object' },
      },
    };
    res.end(JSON.stringify(document));
  });
  try {
    await patch({ metadata: { annotations: { read: 'again' } } });
    await eventually(async () => ![undefined, before].includes(await place()));
    const answer = await admin.request('GET', (await place())!);
    const $ref = '#/components/schemas/com.example.wardle.v1.Flunder';
    expect(answer.json()).toEqual({
      openapi: '3.0.0',
      info: { title: 'Wardle', version: 'v0' },
      paths: {
        '/apis/wardle.example.com/v1/flunders': {
          post: {
            parameters: [{ name: 'dryRun', in: 'query', schema: { type: 'string', uniqueItems: true } }],
            requestBody: { required: true, content: { 'application/json': { schema: { $ref } } } },
            responses: {
              200: {
                description: 'OK',
                content: { 'application/json': { schema: { $ref } }, 'application/yaml': { schema: { $ref } } },
              },
              401: { description: 'Unauthorized' },
            },
          },
        },
      },
      components: {
        schemas: {
          'com.example.wardle.v1.Flunder': {
            type: 'object',
            properties: { spec: { description: 'made of v2', type: 'object' } },
            'x-kubernetes-group-version-kind': [{ group: 'wardle.example.com', version: 'v1', kind: 'Flunder' }],
          },
        },
      },
    });
    expect(answer.headers['cache-control']).toBe('public, immutable');
  } finally {
    extension.instead.clear();
  }
  await patch({ metadata: { annotations: { read: 'once more' } } });
  await eventually(async () => (await place()) === before);
});

describe('an extension server that cannot be reached', () => {
  const inform = (change: () => Promise<unknown>, reason: string, message: string) =>
    change().then(async () => {
      await eventually(async () => (await condition())?.reason === reason);
      expect(await condition()).toMatchObject({ status: 'False', message });
    });

  afterAll(() => available('True'));

  it('has no ready endpoints: its requests are answered with 503, its discovery is stale, other groups stay', async () => {
    const slice = await admin.get(endpointSlice, 'api', 'wardle');
    const ready = (value: boolean) =>
      admin.get(endpointSlice, 'api', 'wardle').then((now) =>
        admin.update(endpointSlice, {
          ...now,
          endpoints: [{ ...slice.endpoints![0]!, conditions: { ready: value } }],
        }),
      );
    const message = 'endpointslices for service/api in "wardle" have no addresses with port name "https"';
    await inform(() => ready(false), 'MissingEndpoints', message);
    await eventually(async () => (await send(flunders)).code === 503);
    expect(await send(flunders)).toMatchObject({
      body: 'service unavailable\n',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    });
    expect((await wardle())?.versions).toMatchObject([{ version: 'v1', freshness: 'Stale' }]);
    expect((await discovery()).items.find(({ metadata }) => metadata.name === 'apps')?.versions[0]?.freshness).toBe(
      'Current',
    );
    // What it said last of its types stays.
    const v2 = (await admin.request('GET', '/openapi/v2')).json() as { definitions: object };
    expect(v2.definitions).toHaveProperty(['com.example.wardle.v1.Flunder']);
    const metrics = (await admin.request('GET', '/metrics')).body.toString();
    expect(metrics).toContain(`aggregator_unavailable_apiservice{name="${name}"} 1`);
    expect(metrics).toContain(`aggregator_unavailable_apiservice_total{name="${name}",reason="MissingEndpoints"} 1`);
    await ready(true);
    await available('True');
  });

  it.each([
    ['ServicePortError', 444, 'service/api in "wardle" is not listening on port 444'],
    ['ServiceNotFound', 443, 'service/none in "wardle" is not present'],
    ['EndpointsNotFound', 443, 'cannot find endpointslices for service/empty in "wardle"'],
  ])('%s', async (reason, port, message) => {
    if (reason === 'EndpointsNotFound') {
      await admin.create(service, {
        metadata: { name: 'empty', namespace: 'wardle' },
        spec: { ports: [{ port: 443 }] },
      });
    }
    const to = { ServiceNotFound: 'none', EndpointsNotFound: 'empty' }[reason] ?? 'api';
    await inform(() => point(to, port), reason, message);
    await point('api', 443);
    await available('True');
  });

  it('does not answer for the group-version', async () => {
    extension.instead.set(root, (_req, res) => res.writeHead(500).end());
    const url = `https://${ownAddress}:${extension.port}${root}`;
    const message = `failing or missing response from ${url}: bad status from ${url}: 500`;
    await inform(() => touch('a'), 'FailedDiscoveryCheck', message);
    extension.instead.set(root, (req) => req.socket.destroy());
    const gone = `failing or missing response from ${url}: Get "${url}": EOF`;
    await inform(() => touch('b'), 'FailedDiscoveryCheck', gone);
    // That it answers is enough: the answer need not end.
    extension.instead.set(root, (_req, res) => void res.writeHead(200).write('{'));
    await available('True');
    extension.instead.delete(root);
  });

  it('has a certificate of somebody else: it is there, and is not believed', async () => {
    const { spec } = await admin.get(apiService, name);
    await patch({ spec: { caBundle: Buffer.from(server.authority.certificate).toString('base64') } });
    await eventually(async () => (await send(flunders)).code === 503);
    expect((await send(flunders)).body).toMatch(
      /^error trying to reach service: tls: failed to verify certificate: x509: certificate signed by unknown authority/,
    );
    expect(await condition()).toMatchObject({ status: 'True', reason: 'Passed', message: 'all checks passed' });
    await patch({ spec: { caBundle: spec.caBundle } });
    await eventually(async () => (await send(flunders)).code === 200);
  });

  it('has no certificate in its caBundle: it is there, and requests are told what is wrong', async () => {
    const { spec } = await admin.get(apiService, name);
    await patch({ spec: { caBundle: Buffer.from('\n').toString('base64') } });
    await eventually(async () => (await send(flunders)).code === 500);
    expect((await send(flunders)).body).toBe('unable to load root certificates: unable to parse bytes as PEM block\n');
    expect(await condition()).toMatchObject({ status: 'True', reason: 'Passed', message: 'all checks passed' });
    await patch({ spec: { caBundle: spec.caBundle } });
    await eventually(async () => (await send(flunders)).code === 200);
  });

  const point = (to: string, port: number) => patch({ spec: { service: { name: to, port } } });
  const touch = (value: string) => patch({ metadata: { annotations: { touched: value } } });
});

it('a group-version is taken back when its APIService is deleted', async () => {
  await admin.delete(apiService, name);
  await eventually(async () => (await wardle()) === undefined);
  await expect(admin.request('GET', flunders)).rejects.toThrow('the server could not find the requested resource');
});
