import { readFileSync } from 'node:fs';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import { createServer as createHttps, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { configMap } from '@coracle/api/core/v1/configmap';
import { isConflict, isNotFound, type StatusError } from '@coracle/api/meta/status';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type Client, connect } from './client.ts';
import { answer, type FakeHandler, fakeServer } from './testing/fake-server.ts';
import { ConnectionError } from './transport.ts';

const cert = readFileSync(new URL('./testdata/server.crt', import.meta.url), 'utf8');
const key = readFileSync(new URL('./testdata/server.key', import.meta.url), 'utf8');

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A scripted server that ends with its test. */
async function scripted(handler: FakeHandler): ReturnType<typeof fakeServer> {
  const server = await fakeServer(handler);
  closing.push(server.close);
  return server;
}

/** Listens with TLS; returns a client of it. Both end with their test. */
async function clientOf(server: Server | Http2SecureServer, caData?: string): Promise<Client> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = connect({ server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, caData });
  closing.push(
    () => new Promise<void>((resolve) => server.close(() => resolve())),
    () => client.close(),
  );
  return client;
}

describe('requests', () => {
  it('creates in the namespace of the object and fills in its type', async () => {
    const server = await scripted(async (request, response) => {
      expect(`${request.method} ${request.url}`).toBe(
        'POST /api/v1/namespaces/default/configmaps?dryRun=All&fieldManager=me',
      );
      const body = (await request.json()) as object;
      expect(body).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { a: 'b' } });
      answer(response, 201, body);
    });
    const object = { metadata: { name: 'x', namespace: 'default' }, data: { a: 'b' } };
    await server.client.create(configMap, object, { dryRun: true, fieldManager: 'me' });
  });

  it('throws the Status of a refusal, and one made of the code where the body is none', async () => {
    const status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      reason: 'Conflict',
      message: 'no',
      code: 409,
    };
    const server = await scripted((request, response) => {
      if (request.method === 'PUT') return answer(response, 409, status);
      response.writeHead(404, { 'content-type': 'text/plain' });
      response.end('404 page not found\n');
    });
    const object = { metadata: { name: 'x', namespace: 'default' } };
    const put = await server.client.update(configMap, object).catch((error: unknown) => error);
    expect(isConflict(put)).toBe(true);
    expect((put as Error).message).toBe('no');
    const get = await server.client.get(configMap, 'x', 'default').catch((error: unknown) => error);
    expect(isNotFound(get)).toBe(true);
    expect((get as StatusError).message).toBe('the server could not find the requested resource');
  });

  it('retries when the server asks for it', async () => {
    let calls = 0;
    const server = await scripted((_request, response) => {
      calls++;
      if (calls < 3) {
        response.writeHead(429, { 'retry-after': '0' });
        response.end();
      } else answer(response, 200, { metadata: { name: 'x' } });
    });
    expect((await server.client.get(configMap, 'x', 'default')).metadata.name).toBe('x');
    expect(calls).toBe(3);
  });

  it('keeps integers beyond 2^53', async () => {
    const server = await scripted((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"metadata":{"name":"x","generation":9007199254740993}}');
    });
    expect((await server.client.get(configMap, 'x', 'default')).metadata.generation).toBe(9007199254740993n);
  });

  it('names what could not be reached', async () => {
    const server = await scripted(() => {});
    await server.close();
    const client = connect({ server: server.url });
    const error = await client.get(configMap, 'x', 'default').catch((each: unknown) => each);
    expect(error).toBeInstanceOf(ConnectionError);
    expect((error as Error).message).toBe(`dial tcp ${new URL(server.url).host}: connect: connection refused`);
  });

  it('sends tokens and impersonation', async () => {
    const server = await scripted((request, response) =>
      answer(response, 200, { metadata: {}, data: request.headers }),
    );
    const client = connect({ server: server.url, token: 'secret' }).with({
      userAgent: 'me/1',
      impersonate: { user: 'jane', groups: ['a', 'b'], extra: { Scope: ['x'] } },
    });
    const { data } = await client.get(configMap, 'x', 'default');
    expect(data).toMatchObject({
      authorization: 'Bearer secret',
      'user-agent': 'me/1',
      'impersonate-user': 'jane',
      'impersonate-group': 'a, b',
      'impersonate-extra-scope': 'x',
    });
    closing.push(() => client.close());
  });
});

describe('connections over TLS', () => {
  it('share one HTTP/2 connection, and a new one is made when it broke', async () => {
    const server = createSecureServer({ cert, key, allowHTTP1: true });
    const sessions: { destroy(): void }[] = [];
    server.on('session', (session) => sessions.push(session));
    server.on('request', (request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ metadata: { name: request.httpVersion } }));
    });
    const client = await clientOf(server, cert);
    const names = await Promise.all(Array.from({ length: 20 }, () => client.get(configMap, 'x', 'default')));
    expect(new Set(names.map((each) => each.metadata.name))).toEqual(new Set(['2.0']));
    expect(sessions).toHaveLength(1);
    sessions[0]!.destroy();
    expect((await client.get(configMap, 'x', 'default')).metadata.name).toBe('2.0');
    expect(sessions).toHaveLength(2);
  });

  it('falls back to HTTP/1.1', async () => {
    const server = createHttps({ cert, key }, (request, response) =>
      answer(response, 200, { metadata: { name: request.httpVersion } }),
    );
    const client = await clientOf(server, cert);
    expect((await client.get(configMap, 'x', 'default')).metadata.name).toBe('1.1');
  });

  it('refuse a certificate of an unknown authority', async () => {
    const server = createHttps({ cert, key }, (_request, response) => answer(response, 200, {}));
    const client = await clientOf(server);
    await expect(client.get(configMap, 'x', 'default')).rejects.toThrow(
      'x509: certificate signed by unknown authority',
    );
  });

  it('a stalled stream does not hold up the others', async () => {
    const big = Buffer.alloc(4 << 20, 'x');
    const server = createSecureServer({ cert, key }, (request, response) => {
      if (request.url === '/big') response.end(big);
      else response.end(JSON.stringify({ metadata: { name: 'x' } }));
    });
    const client = await clientOf(server, cert);
    const stalled = await client.stream('/big');
    for (let i = 0; i < 50; i++) expect((await client.get(configMap, 'x', 'default')).metadata.name).toBe('x');
    let size = 0;
    for await (const chunk of stalled) size += (chunk as Buffer).length;
    expect(size).toBe(big.length);
  });
});
