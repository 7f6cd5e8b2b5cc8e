import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Agent, request as plainRequest } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { request } from 'node:https';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { scheme } from '@coracle/api/builtin';
import { configMap } from '@coracle/api/core/v1/configmap';
import { issueCertificate, makeAuthority } from '@coracle/process/pki';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Registry as MetricsRegistry } from 'prom-client';
import { alwaysDeny } from './chain/authorization/authorizer.ts';
import { authorization } from './chain/authorization/index.ts';
import type { Link } from './chain/link.ts';
import { maxInFlight } from './chain/max-in-flight.ts';
import type { ConnectionLimits } from './connections.ts';
import { Registry } from './registry/registry.ts';
import type { HookTable } from './registry/strategy.ts';
import { createServer, type Listening, type Tls } from './server.ts';
import type { Store } from './storage/store.ts';
import { eventually } from './testing/expectations.ts';
import { ownStore } from './testing/own-store.ts';

let registry: Registry;
let listening: Listening;
let errors: object[];
let metrics: MetricsRegistry;
let store: Store;

async function start(
  options: {
    tls?: Tls;
    hooks?: HookTable;
    links?: readonly Link[];
    requestTimeout?: number;
    limits?: ConnectionLimits;
  } = {},
): Promise<void> {
  errors = [];
  store = await ownStore();
  registry = new Registry({ store, scheme, hooks: options.hooks ?? {}, log: { warn: () => undefined } });
  await registry.start();
  metrics = new MetricsRegistry();
  const server = createServer({
    registry,
    subresources: {},
    links: options.links ?? [],
    plugins: [],
    metrics,
    log: { error: (details) => errors.push(details), warn: () => undefined },
    ...(options.requestTimeout ? { requestTimeout: options.requestTimeout } : {}),
  });
  listening = await server.listen({
    host: '127.0.0.1',
    port: 0,
    ...(options.tls ? { tls: options.tls } : {}),
    ...(options.limits ? { limits: options.limits } : {}),
  });
}

async function stop(): Promise<void> {
  await registry.stop();
  await listening.close();
  await store.close();
}
afterEach(stop);

const object = (name: string) => ({ metadata: { name, namespace: 'default' }, data: { a: 'b' } });
const path = '/api/v1/namespaces/default/configmaps';

/** What a server shows clients, and the authority it is signed by. */
async function certificate(): Promise<{ tls: Tls; ca: string }> {
  const authority = await makeAuthority({ commonName: 'test', days: 1 });
  const issued = await issueCertificate({
    authority,
    commonName: 'server',
    ipAddresses: ['127.0.0.1'],
    usages: ['server'],
    days: 1,
  });
  return { tls: { cert: issued.certificate, key: issued.key }, ca: authority.certificate };
}

describe('over TLS', () => {
  let tls: Tls;
  let ca: string;
  let session: ClientHttp2Session;

  beforeEach(async () => {
    ({ tls, ca } = await certificate());
    await start({ tls });
    session = connectHttp2(`https://127.0.0.1:${listening.port}`, { ca });
  });
  afterEach(() => session.close());

  const http2 = (where: string, headers: Record<string, string> = {}) =>
    new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
      const stream = session.request({ ':path': where, ...headers });
      let answer: Record<string, unknown> = {};
      let text = '';
      stream.on('response', (got) => {
        answer = got;
      });
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      stream.on('end', () => resolve({ status: Number(answer[':status']), headers: answer, text }));
      stream.on('error', reject);
      stream.end();
    });

  it('answers with the Audit-ID a client chose, whatever it looks like', async () => {
    for (const chosen of ['a.b/c: d', 'x'.repeat(300)]) {
      expect((await http2('/version', { 'audit-id': chosen })).headers['audit-id']).toBe(chosen);
    }
  });

  it('answers HTTP/2: objects, pages, errors', async () => {
    await registry.create(configMap, object('a'));
    const got = await http2(`${path}/a`);
    expect(got.status).toBe(200);
    expect(JSON.parse(got.text)).toMatchObject({ kind: 'ConfigMap', data: { a: 'b' } });
    expect(got.headers['audit-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.parse((await http2('/version')).text).minor).toBe('36');
    expect((await http2('/healthz')).text).toBe('ok');
    expect((await http2('/nothing')).status).toBe(404);
    expect(JSON.parse((await http2('/api/v1beta3')).text).message).toBe(
      'the server could not find the requested resource',
    );
    expect((await http2(`${path}/b`)).status).toBe(404);
  });

  it('takes HTTP/1.1 on the same port', async () => {
    const answer = await new Promise<number>((resolve, reject) => {
      request(`https://127.0.0.1:${listening.port}/api/v1/namespaces`, { ca }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      })
        .on('error', reject)
        .end();
    });
    expect(answer).toBe(200);
  });

  it('watches over HTTP/2, many at once on one connection', async () => {
    const firsts = Array.from({ length: 5 }, () => {
      const stream = session.request({ ':path': `${path}?watch=true&resourceVersion=1` });
      return new Promise<string>((resolve, reject) => {
        stream.once('data', (chunk: Buffer) => {
          resolve(chunk.toString());
          stream.close();
        });
        stream.once('error', reject);
      });
    });
    await registry.create(configMap, object('a'));
    for (const first of await Promise.all(firsts)) expect(JSON.parse(first)).toMatchObject({ type: 'ADDED' });
  });

  it('gives up on answers that a client does not take in their time, and goes on with its others', async () => {
    await start({ tls: (await certificate()).tls, requestTimeout: 300 });
    await registry.create(configMap, object('a'));
    const session = connectHttp2(`https://127.0.0.1:${listening.port}`, {
      rejectUnauthorized: false,
      settings: { initialWindowSize: 0 },
    });
    const code = async (where: string) => {
      const stream = session.request({ ':path': where });
      stream.on('error', () => undefined);
      await new Promise((resolve) => stream.once('close', resolve));
      return stream.rstCode;
    };
    expect(await Promise.all([code(`${path}/a`), code(path), code('/version')])).not.toContain(0);
    session.settings({ initialWindowSize: 65_535 });
    await once(session, 'localSettings');
    const answered = session.request({ ':path': `${path}/a` });
    expect(JSON.parse(await text(answered))).toMatchObject({ data: { a: 'b' } });
    session.destroy();
  });

  it('takes up a renewed certificate', async () => {
    const other = await makeAuthority({ commonName: 'other', days: 1 });
    const issued = await issueCertificate({
      authority: other,
      commonName: 'server',
      ipAddresses: ['127.0.0.1'],
      usages: ['server'],
      days: 1,
    });
    listening.renew({ cert: issued.certificate, key: issued.key });
    const again = connectHttp2(`https://127.0.0.1:${listening.port}`, { ca: other.certificate });
    await new Promise((resolve, reject) => again.once('connect', resolve).once('error', reject));
    again.close();
  });

  it('ends without waiting for clients that keep their connection', async () => {
    await http2('/healthz');
    const stream = session.request({ ':path': `${path}?watch=true&resourceVersion=1` });
    await new Promise((resolve, reject) => stream.once('response', resolve).once('error', reject));
    const watched = new Promise((resolve, reject) => stream.once('end', resolve).once('error', reject));
    stream.resume();
    const closed = listening.close(60_000);
    await registry.stop();
    await watched;
    await closed;
  });
});

describe('the chain', () => {
  const get = (where: string, method = 'GET', body?: string) =>
    fetch(`http://127.0.0.1:${listening.port}${where}`, {
      method,
      ...(body ? { body, headers: { 'content-type': 'application/json' } } : {}),
    });

  it('ends requests that take too long', async () => {
    const { promise: hang, resolve: release } = Promise.withResolvers<undefined>();
    await start({ hooks: { configmaps: { beforeCreate: () => hang } }, requestTimeout: 50 });
    const answer = await get(path, 'POST', JSON.stringify(object('a')));
    release(undefined);
    expect(answer.status).toBe(504);
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await answer.text()).toBe(
      '{"metadata":{},"status":"Failure","message":"Timeout: request did not complete within the allotted timeout","reason":"Timeout","details":{},"code":504}\n',
    );
  });

  it('tells those it has no room for to come back, as text', async () => {
    const { promise: hang, resolve: release } = Promise.withResolvers<undefined>();
    await start({
      hooks: { configmaps: { beforeCreate: () => hang } },
      links: [maxInFlight({ readOnly: 0, mutating: 1 })],
    });
    const write = (name: string) => get(path, 'POST', JSON.stringify(object(name)));
    const writes = ['a', 'b'].map(write);
    const refused = await Promise.race(writes);
    release(undefined);
    expect(refused.status).toBe(429);
    expect(await refused.text()).toBe('Too many requests, please try again later.\n');
    expect(Object.fromEntries(refused.headers)).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'retry-after': '1',
      'x-content-type-options': 'nosniff',
    });
    expect((await Promise.all(writes)).map(({ status }) => status).sort()).toEqual([201, 429]);
    expect(await metrics.metrics()).toMatch(
      /apiserver_request_terminations_total\{verb="POST",.*resource="configmaps",.*code="429"\} 1/,
    );
  });

  it('refuses what nobody allows in a form no browser takes for anything else', async () => {
    await start({ links: [authorization(alwaysDeny)] });
    const refused = await get(path);
    expect([refused.status, refused.headers.get('x-content-type-options')]).toEqual([403, 'nosniff']);
  });

  it('shows a bug as an internal error, and reports it', async () => {
    const hooks: HookTable = {
      configmaps: {
        beforeCreate: () => {
          throw new TypeError('oops');
        },
      },
    };
    await start({ hooks });
    const answer = await get(path, 'POST', JSON.stringify(object('a')));
    expect(answer.status).toBe(500);
    expect(await answer.json()).toMatchObject({ reason: 'InternalError', message: 'Internal error occurred: oops' });
    expect(errors).toMatchObject([{ path, verb: 'create' }]);
  });

  it('gives back what a hook reserved when the write does not happen', async () => {
    const reserved = new Set<string>();
    const hooks: HookTable = {
      configmaps: {
        beforeCreate: (it) => {
          const name = it.metadata.name!;
          reserved.add(name);
          return () => void reserved.delete(name);
        },
      },
    };
    await start({ hooks });
    expect((await get(path, 'POST', JSON.stringify(object('a')))).status).toBe(201);
    expect((await get(path, 'POST', JSON.stringify(object('Not_Valid')))).status).toBe(422);
    expect((await get(`${path}?dryRun=All`, 'POST', JSON.stringify(object('b')))).status).toBe(201);
    expect([...reserved]).toEqual(['a']);
  });

  it('counts requests by what is served only', async () => {
    await start();
    await get('/api/v1/nothings/x');
    await get('/api/v1/configmaps');
    await get('/api/v1/namespaces/default/configmaps/a');
    const text = await metrics.metrics();
    expect(text).toMatch(
      /apiserver_request_total\{verb="LIST",group="",version="v1",resource="configmaps",subresource="",scope="cluster",component="apiserver",dry_run="",code="200"\} 1/,
    );
    expect(text).toMatch(/resource="configmaps".*scope="resource".*code="404"\} 1/);
    expect(text).not.toContain('nothings');
  });

  it('answers an upgrade that nothing takes as an ordinary request', async () => {
    await start();
    const status = await new Promise<number>((resolve, reject) => {
      plainRequest(
        `http://127.0.0.1:${listening.port}/api/v1/namespaces`,
        { headers: { connection: 'Upgrade', upgrade: 'websocket' } },
        (response) => {
          response.resume();
          resolve(response.statusCode!);
        },
      )
        .on('error', reject)
        .end();
    });
    expect(status).toBe(200);
  });
});

it('shares its port with others where it is said to', async () => {
  await start();
  const server = () =>
    createServer({
      registry,
      subresources: {},
      links: [],
      plugins: [],
      metrics: new MetricsRegistry(),
      log: { error: () => undefined, warn: () => undefined },
    });
  const first = await server().listen({ host: '127.0.0.1', port: 0, sharesPort: true });
  const second = await server().listen({ host: '127.0.0.1', port: first.port, sharesPort: true });
  expect(second.port).toBe(first.port);
  await expect(server().listen({ host: '127.0.0.1', port: first.port })).rejects.toThrow('EADDRINUSE');
  await first.close();
  await second.close();
});

it('takes no dry run without a name', async () => {
  await start();
  const answer = await fetch(`http://127.0.0.1:${listening.port}${path}?dryRun=`, {
    method: 'POST',
    body: JSON.stringify(object('a')),
    headers: { 'content-type': 'application/json' },
  });
  expect(await answer.json()).toMatchObject({
    code: 422,
    message: 'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: [""]: supported values: "All"',
  });
  expect(await metrics.metrics()).toContain('dry_run="invalid"');
});

describe('connections', () => {
  /** What a client gets until the connection ends, having sent `text`. */
  const sent = (text: string, tls: boolean) =>
    new Promise<string>((resolve) => {
      const where = { host: '127.0.0.1', port: listening.port };
      const socket = tls ? connectTls({ ...where, rejectUnauthorized: false }) : connect(where);
      let got = '';
      socket.on('data', (chunk: Buffer) => {
        got += chunk.toString();
      });
      socket.on('error', () => undefined);
      socket.once('close', () => resolve(got));
      socket.write(text);
    });

  it.each([false, true])('end when headers take too long, TLS %s', async (tls) => {
    await start({ limits: { headers: 100, idle: 60_000 }, ...(tls ? { tls: (await certificate()).tls } : {}) });
    expect(await sent('GET /healthz HTTP/1.1\r\nHost: a\r\n', tls)).not.toContain('200 OK');
  });

  it.each([false, true])('of clients that are silent are looked after by the kernel, TLS %s', async (tls) => {
    await start(tls ? { tls: (await certificate()).tls } : {});
    const socket = connect({ host: '127.0.0.1', port: listening.port });
    await once(socket, 'connect');
    const address = (port: number) => `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
    const both = `${address(listening.port)} ${address(socket.localPort!)} 01`;
    // Of the server's end: what timer runs, 02 for keep-alive, and when it is over, in hundredths of a second.
    await eventually(async () => {
      const [, timer, ticks = ''] =
        new RegExp(`${both} \\S+ (\\d\\d):(\\S+)`).exec(await readFile('/proc/net/tcp', 'utf8')) ?? [];
      return timer === '02' && Math.abs(Number.parseInt(ticks, 16) - 18_000) < 1_000;
    });
    socket.destroy();
  });

  it('end when TLS takes too long', async () => {
    await start({ limits: { headers: 100, idle: 60_000 }, tls: (await certificate()).tls });
    expect(await sent('', false)).toBe('');
    expect(await metrics.metrics()).toContain('apiserver_tls_handshake_errors_total 1');
  });

  it('end when the body of an answered request does not', async () => {
    await start({ limits: { headers: 100, idle: 60_000 } });
    const got = await sent('GET /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf', false);
    expect(got).toContain('404 Not Found');
  });

  it('end when the body of a request does not come in its time', async () => {
    await start({ requestTimeout: 50 });
    const headers = 'Host: x\r\nContent-Type: application/json\r\nContent-Length: 100';
    const got = await sent(`POST ${path} HTTP/1.1\r\n${headers}\r\n\r\n{"metadata":`, false);
    expect(got).toMatch(/^HTTP\/1\.1 504 /);
    expect(got).toMatch(/^Connection: close\r$/m);
    expect(errors).toEqual([]);
  });

  it('end when idle too long, over HTTP/1.1 and HTTP/2', async () => {
    await start({ limits: { headers: 60_000, idle: 100 }, tls: (await certificate()).tls });
    expect(await sent('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n', true)).toContain('200 OK');
    const session = connectHttp2(`https://127.0.0.1:${listening.port}`, { rejectUnauthorized: false });
    session.request({ ':path': '/healthz' }).resume();
    await new Promise((resolve, reject) => session.once('close', resolve).once('error', reject));
  });

  it('stay while a stream is open, and as long as upstream between requests', async () => {
    await start({ limits: { headers: 60_000, idle: 100 }, tls: (await certificate()).tls });
    const session = connectHttp2(`https://127.0.0.1:${listening.port}`, { rejectUnauthorized: false });
    const watch = session.request({ ':path': `${path}?watch=true&resourceVersion=1` });
    await new Promise((resolve, reject) => watch.once('response', resolve).once('error', reject));
    // A connection opened now is idle for longer than the watch's has been silent when it ends.
    expect(await sent('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n', true)).toContain('200 OK');
    const first = new Promise<string>((resolve) => watch.once('data', (chunk: Buffer) => resolve(chunk.toString())));
    await registry.create(configMap, object('a'));
    expect(JSON.parse(await first)).toMatchObject({ type: 'ADDED' });
    session.destroy();
    await stop();

    await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const header = await new Promise((resolve, reject) => {
      plainRequest(`http://127.0.0.1:${listening.port}/healthz`, { agent }, (response) => {
        response.resume();
        resolve(response.headers['keep-alive']);
      })
        .on('error', reject)
        .end();
    });
    agent.destroy();
    expect(header).toBe('timeout=90');
  });
});
