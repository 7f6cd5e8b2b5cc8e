import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import { scheme } from '@coracle/api/builtin';
import { configMap } from '@coracle/api/core/v1/configmap';
import { defineFlags } from '@coracle/process/flags';
import { issueCertificate, makeAuthority } from '@coracle/process/pki';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Registry as MetricsRegistry } from 'prom-client';
import { Registry } from '../../registry/registry.ts';
import type { HookTable } from '../../registry/strategy.ts';
import { type ApiServer, createServer, type Listening, type ServerOptions, type Tls } from '../../server.ts';
import type { Store } from '../../storage/store.ts';
import { eventually } from '../../testing/expectations.ts';
import { type Call, callsTo, openWatch } from '../../testing/http.ts';
import { ownStore } from '../../testing/own-store.ts';
import { authentication } from '../authentication/index.ts';
import { maxInFlight } from '../max-in-flight.ts';
import { frontLinksOf, genericFlagProblems, genericFlags } from './flags.ts';
import { goaway } from './goaway.ts';

let registry: Registry;
let server: ApiServer;
let listening: Listening;
let store: Store;

interface Wish extends Partial<ServerOptions> {
  tls?: Tls;
  hooks?: HookTable;
  maxStreams?: number;
}

async function start({ tls, hooks = {}, maxStreams, ...options }: Wish = {}): Promise<string> {
  store = await ownStore();
  registry = new Registry({ store, scheme, hooks, log: { warn: () => undefined } });
  await registry.start();
  const log = { error: () => undefined, warn: () => undefined };
  server = createServer({
    registry,
    subresources: {},
    links: [],
    plugins: [],
    metrics: new MetricsRegistry(),
    log,
    ...options,
  });
  listening = await server.listen({
    host: '127.0.0.1',
    port: 0,
    ...(tls ? { tls } : {}),
    ...(maxStreams ? { maxStreams } : {}),
  });
  return `${tls ? 'https' : 'http'}://127.0.0.1:${listening.port}`;
}

afterEach(async () => {
  await registry?.stop();
  await listening?.close();
  await store?.close();
});

const valuesOf = (...argv: string[]) => defineFlags(genericFlags).parse(argv).values;
const front = (...argv: string[]) => frontLinksOf(valuesOf(...argv));

describe('--cors-allowed-origins', () => {
  const flag = '--cors-allowed-origins=^https://(.+\\.)?shop\\.example(:|$)';

  test('a page of an allowed origin may ask, and learns so beforehand', async () => {
    const call = callsTo(await start({ front: await front(flag) }));
    const asked = await call('OPTIONS', '/api/v1/pods', undefined, { origin: 'https://www.shop.example' });
    expect(asked.status).toBe(204);
    const allowed = Object.fromEntries([...asked.headers].filter(([name]) => name.startsWith('access-control-')));
    expect(allowed).toEqual({
      'access-control-allow-origin': 'https://www.shop.example',
      'access-control-allow-methods': 'POST, GET, OPTIONS, PUT, DELETE, PATCH',
      'access-control-allow-headers':
        'Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, X-Requested-With, If-Modified-Since',
      'access-control-expose-headers': 'Date',
      'access-control-allow-credentials': 'true',
    });
    const answer = await call('GET', '/api/v1/namespaces', undefined, { origin: 'https://shop.example:8443' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://shop.example:8443');
  });

  test('others are served without, and not told that they may', async () => {
    const call = callsTo(await start({ front: await front(flag) }));
    for (const origin of ['https://shop.example.evil.example', 'http://shop.example', '']) {
      const answer = await call('GET', '/api/v1/namespaces', undefined, origin === '' ? {} : { origin });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
    expect((await call('OPTIONS', '/api/v1/pods', undefined, { origin: 'http://shop.example' })).status).toBe(405);
  });

  test.each(['example.com', '//example', 'example$', '^https://(example$'])('%s is refused', async (text) => {
    await expect(front(`--cors-allowed-origins=${text}`)).rejects.toThrow(/^--cors-allowed-origins has an? /);
  });
});

test('--strict-transport-security-directives become a header; what is no directive is refused', async () => {
  const links = await front('--strict-transport-security-directives=max-age=31536000,includeSubDomains');
  const call = callsTo(await start({ front: links }));
  const { headers } = await call('GET', '/version');
  expect(headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains');
  await expect(front('--strict-transport-security-directives=max-age')).rejects.toThrow(
    '--strict-transport-security-directives invalid, allowed values: max-age=expireTime, includeSubDomains, preload. see https://tools.ietf.org/html/rfc6797#section-6.1 for more information',
  );
});

test.each([
  ['--goaway-chance=0.03', '--goaway-chance can not be less than 0 or greater than 0.02'],
  ['--max-requests-inflight=-1', '--max-requests-inflight can not be negative value'],
  [
    '--shutdown-watch-termination-grace-period=-1s',
    'shutdown-watch-termination-grace-period, if provided, can not be a negative value',
  ],
])('%s is refused', (flag, message) => {
  expect(genericFlagProblems(valuesOf(flag))).toEqual([message]);
});

describe('over HTTP/2', () => {
  let session: ClientHttp2Session;

  async function open(wish: Wish): Promise<void> {
    const authority = await makeAuthority({ commonName: 'test', days: 1 });
    const issued = await issueCertificate({
      authority,
      commonName: 'server',
      ipAddresses: ['127.0.0.1'],
      usages: ['server'],
      days: 1,
    });
    const url = await start({ ...wish, tls: { cert: issued.certificate, key: issued.key } });
    session = connect(url, { ca: authority.certificate });
  }
  afterEach(() => session.destroy());

  const get = async (path: string, method = 'GET'): Promise<number> => {
    const stream = session.request({ ':path': path, ':method': method });
    const [headers] = (await once(stream, 'response')) as [Record<string, number>];
    stream.resume();
    await once(stream, 'end');
    return headers[':status']!;
  };

  test('a connection chosen by --goaway-chance ends after its requests were answered', async () => {
    await open({ front: [goaway(1)] });
    const told = once(session, 'goaway');
    const gone = once(session, 'close');
    expect(await get('/version')).toBe(200);
    await told;
    await gone;
  });

  test.each([
    [200, true],
    [401, false],
  ])('a connection of somebody unknown is for one request: %i', async (code, allowed) => {
    await open({ links: [authentication({ authenticators: [], anonymous: () => allowed })] });
    const told = once(session, 'goaway');
    const gone = once(session, 'close');
    expect(await get('/version')).toBe(code);
    await told;
    await gone;
  });

  test('a connection of somebody known goes on', async () => {
    const known = { authenticate: async () => ({ user: { name: 'x', uid: '', groups: [], extra: {} } }) };
    await open({ links: [authentication({ authenticators: [known], anonymous: () => true })] });
    expect([await get('/version'), await get('/version')]).toEqual([200, 200]);
  });

  test('a method nobody knows is one that pages do not look at, and that documents and kinds do not have', async () => {
    await open({ dumps: { '/dump': async ({ res }) => void res.end() } });
    const codes = async (...paths: string[]) => Promise.all(paths.map((path) => get(path, 'FOO')));
    expect(await codes('/', '/healthz', '/metrics', '/apis', '/openapi/v3', '/statusz', '/dump')).toEqual(
      Array(7).fill(200),
    );
    expect(await codes('/version', '/api/v1', '/apis/apps/v1', '/api/v1/namespaces')).toEqual(Array(4).fill(405));
    expect(await codes('/nothing')).toEqual([404]);
  });

  test('a connection ends with the request that is sent away from a server that ends', async () => {
    await open({});
    server.draining.refuse();
    const gone = once(session, 'close');
    expect(await get('/version')).toBe(429);
    await gone;
  });

  test('a connection has as many streams as the flag says', async () => {
    await open({ maxStreams: 7 });
    const [settings] = await once(session, 'remoteSettings');
    expect(settings).toMatchObject({ maxConcurrentStreams: 7 });
  });
});

const limited = maxInFlight({ readOnly: 100, mutating: 100 });

/** Whether one write is under way. */
const isWriting = (call: Call) => async () =>
  /^apiserver_current_inflight_requests\{request_kind="mutating"\} 1$/m.test((await call('GET', '/metrics')).text);

describe('a server that ends', () => {
  const path = '/api/v1/namespaces/default/configmaps';

  test('turns new requests away, and waits for those under way', async () => {
    const { promise: hang, resolve: release } = Promise.withResolvers<undefined>();
    const call = callsTo(await start({ hooks: { configmaps: { beforeCreate: () => hang } }, links: [limited] }));
    const slow = call('POST', path, { metadata: { name: 'a' } });
    await eventually(isWriting(call));
    server.draining.refuse();
    const refused = await call('GET', path);
    expect(refused.status).toBe(429);
    expect(refused.text).toBe('The apiserver is shutting down, please try again later.\n');
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(refused.headers.get('connection')).toBe('close');
    for (const each of ['/readyz', '/livez/ping', '/metrics']) expect((await call('GET', each)).status).toBe(200);
    const itself = await call('GET', path, undefined, { 'user-agent': 'kube-apiserver/v1.36.0' });
    expect(itself.status).toBe(200);
    let idle = false;
    const drained = server.draining.idle(60_000).then(() => {
      idle = true;
    });
    await delay(20);
    expect(idle).toBe(false);
    release(undefined);
    expect((await slow).status).toBe(201);
    await drained;
  });

  test('waits no longer than it may', async () => {
    const { promise: hang, resolve: release } = Promise.withResolvers<undefined>();
    const call = callsTo(await start({ hooks: { configmaps: { beforeCreate: () => hang } }, links: [limited] }));
    const slow = call('POST', path, { metadata: { name: 'a' } });
    await eventually(isWriting(call));
    await server.draining.idle(20);
    release(undefined);
    await slow;
  });

  test('ends its watches one after the other, cleanly', async () => {
    const url = await start();
    await registry.create(configMap, { metadata: { name: 'a', namespace: 'default' } });
    const watches = await Promise.all(Array.from({ length: 25 }, () => openWatch(url, `${path}?watch=true`)));
    for (const watch of watches) expect(await watch.take(1)).toEqual(['ADDED a']);
    const order: number[] = [];
    const ended = watches.map(async (watch, at) => {
      expect(await watch.next()).toBeUndefined();
      order.push(at);
    });
    const ending = registry.endWatches(600);
    await ended[0];
    expect(order.length).toBeLessThan(25);
    await ending;
    await Promise.all(ended);
    expect(order).toHaveLength(25);
  });
});

test('/livez passes the steps of the start until its grace is over, /healthz and /readyz do not', async () => {
  let isDone = false;
  const startup = {
    'poststarthook/x': () => {
      if (!isDone) throw new Error('not finished');
    },
  };
  const call = callsTo(await start({ startup, livezGrace: 300_000 }));
  const states = async () =>
    Promise.all(['/healthz', '/livez', '/readyz'].map(async (each) => (await call('GET', each)).status));
  expect(await states()).toEqual([500, 200, 500]);
  isDone = true;
  expect(await states()).toEqual([200, 200, 200]);
});

test('without a grace /livez tells of a start that is not done', async () => {
  const startup = {
    'poststarthook/x': () => {
      throw new Error('not finished');
    },
  };
  const call = callsTo(await start({ startup }));
  const answer = await call('GET', '/livez');
  expect(answer.status).toBe(500);
  expect(answer.text).toContain('[-]poststarthook/x failed: reason withheld');
  expect(await call('GET', '/livez/poststarthook/x?verbose')).toMatchObject({
    status: 500,
    text: 'internal server error: not finished\n',
  });
  expect((await call('GET', '/livez/ping?verbose')).text).toBe('ok');
});
