import { request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { builtinKinds } from '@coracle/api/builtin';
import { encodeProtobuf, protobufType } from '@coracle/api/codec/protobuf';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EtcdStore } from './storage/etcd-store.ts';
import { define, definitionOf, versionOf } from './testing/definitions.ts';
import { eventually } from './testing/expectations.ts';
import { type HttpsServer, startHttpsServer } from './testing/https-server.ts';
import { ownProgram } from './testing/own-program.ts';

/*
 * What clients, extension servers and webhooks may do to a server of a cluster, over TLS and with an etcd behind it.
 */

const own = ownProgram(['--disable-admission-plugins=ServiceAccount']);
const { call } = own;
let store: EtcdStore;
let elsewhere: HttpsServer;
const open: TLSSocket[] = [];

beforeAll(async () => {
  store = new EtcdStore({ servers: [own.etcd.url] });
  elsewhere = await startHttpsServer(() => ({ raw: '', code: 302, headers: { location: 'https://127.0.0.1:1/' } }));
});
afterAll(async () => {
  for (const each of open) each.destroy();
  await elsewhere?.close();
  await store?.close();
});

const maps = '/api/v1/namespaces/default/configmaps';
const as = (type: string) => ({ 'content-type': `application/${type}` });
const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

/** A connection of the administrator that says what it is told to, and reads only when it is asked. */
function rawConnection(text: string): TLSSocket {
  const socket = connect({ ...own.program.admin, host: '127.0.0.1', port: Number(new URL(own.program.url).port) });
  open.push(socket);
  socket.on('error', () => undefined);
  socket.write(text);
  return socket;
}

/** All that comes until the other side ends, or `enough` is there. */
async function readUntil(socket: TLSSocket, enough?: string): Promise<string> {
  let seen = '';
  for await (const part of socket.iterator({ destroyOnReturn: false })) {
    seen += part;
    if (enough !== undefined && seen.includes(enough, seen.length - part.length - enough.length)) break;
  }
  return seen;
}

describe('a body', () => {
  it('that is a bomb is refused: operations, copies, aliases, depth, bytes', async () => {
    await call('POST', maps, { metadata: { name: 'target' }, data: { a: 'x'.repeat(1000) } });
    const patch = (operations: object[]) => call('PATCH', `${maps}/target`, operations, as('json-patch+json'));
    expect((await patch(many(10_001, () => ({ op: 'test', path: '/kind', value: 'ConfigMap' })))).status).toBe(413);
    expect((await patch(many(40, (i) => ({ op: 'copy', from: '/data', path: `/data/${i}` })))).status).toBe(422);
    const rows = many(12, (i) => `a${i}: &a${i} [${many(9, () => (i === 0 ? 'x' : `*a${i - 1}`)).join(', ')}]`);
    const aliases = await call('POST', maps, `${rows.join('\n')}\nmetadata: {name: yaml}\n`, as('yaml'));
    expect([aliases.status, aliases.body.message]).toEqual([400, expect.stringContaining('excessive aliasing')]);
    const deep = `{"metadata":{"name":"deep"},"data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    for (const type of ['json', 'yaml']) expect((await call('POST', maps, deep, as(type))).status).toBe(400);
    expect((await call('PATCH', `${maps}/target?fieldManager=m`, deep, as('apply-patch+yaml'))).status).toBe(400);
    const large = { metadata: { name: 'large' }, data: { a: 'x'.repeat(3 << 20) } };
    expect((await call('POST', maps, large)).body).toMatchObject({ code: 413, reason: 'RequestEntityTooLarge' });
    expect((await call('PATCH', `${maps}/target`, large, as('merge-patch+json'))).status).toBe(413);
    const items = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'items', finalizers: many(1_100_000, () => '') },
    };
    expect(
      (await call('POST', maps, encodeProtobuf(items, 'core/v1.ConfigMap'), { 'content-type': protobufType })).status,
    ).toBe(400);
  });

  it('may have keys that mean something to JavaScript, and they are kept', async () => {
    const data = '{"__proto__":"a","constructor":"b","toString":"c"}';
    expect((await call('POST', maps, `{"metadata":{"name":"keys"},"data":${data}}`)).status).toBe(201);
    await call('PATCH', `${maps}/keys`, '{"data":{"__proto__":"changed","toString":null}}', as('merge-patch+json'));
    const wanted = '"data":{"__proto__":"changed","constructor":"b"}';
    expect((await call('GET', `${maps}/keys`)).text).toContain(wanted);
    expect((await store.get('/registry/configmaps/default/keys')).entry?.value.toString()).toContain(wanted);
  });

  it('is no trouble whatever it is: no answer is of a server that failed', async () => {
    const kinds = builtinKinds.filter((kind) => kind.verbs.includes('patch') && !kind.isComputed);
    const collections = kinds.map(
      ({ apiVersion, namespaced, plural }) =>
        `${apiVersion.includes('/') ? '/apis' : '/api'}/${apiVersion}${namespaced ? '/namespaces/default' : ''}/${plural}`,
    );
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constant(null),
      fc.dictionary(fc.constantFrom('a', '__proto__', ''), fc.jsonValue()),
    );
    const object = fc.dictionary(
      fc.constantFrom('metadata', 'spec', 'status', 'data', 'rules', 'kind', '__proto__'),
      value,
    );
    const patches = fc.array(
      fc.record({ op: fc.constantFrom('add', 'remove', 'replace', 'test', 'move'), path: fc.string(), value }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...collections),
        object,
        patches,
        fc.uint8Array(),
        async (collection, said, operations, bytes) => {
          const text = JSON.stringify(said);
          const at = `${collection}/none`;
          for (const answer of [
            await call('POST', `${collection}?dryRun=All`, text),
            await call('POST', `${collection}?dryRun=All`, text, as('yaml')),
            await call('POST', `${collection}?dryRun=All`, Buffer.concat([Buffer.from('k8s\0'), bytes]), {
              'content-type': protobufType,
            }),
            await call('PUT', `${at}?dryRun=All`, text),
            await call('PATCH', `${at}?dryRun=All`, text, as('merge-patch+json')),
            await call('PATCH', `${at}?dryRun=All`, text, as('strategic-merge-patch+json')),
            await call('PATCH', `${at}?dryRun=All`, operations, as('json-patch+json')),
            await call('PATCH', `${at}?dryRun=All&fieldManager=m`, text, as('apply-patch+yaml')),
          ]) {
            // What does not fit a type when it is applied is upstream's 500, and so is a revision of what is to be made.
            if (answer.status < 500) continue;
            expect(answer.text).toMatch(
              /failed to (create typed patch|convert new) object|resourceVersion should not be set/,
            );
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a path', () => {
  it.each([
    ['/api/v1/namespaces/default/nodes', 404],
    ['/api/v1/namespaces/default/persistentvolumes/x', 404],
    [`${maps}/..%2f..%2fsecrets`, 400],
    [`${maps}/%2e%2e`, 400],
    ['/api/v1/namespaces/..%2f..%2fregistry/configmaps/x', 404],
    [`${maps}/%zz`, 400],
  ])('%s leads nowhere', async (path, status) => {
    for (const method of ['GET', 'DELETE']) {
      const answer = await readUntil(
        rawConnection(`${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
      );
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    }
  });

  it('of a namespace takes no object of the cluster, and names are no paths', async () => {
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'stray', namespace: 'default' } };
    expect((await call('POST', '/api/v1/namespaces/default/nodes', node)).status).toBe(404);
    expect((await call('POST', maps, node)).status).toBe(400);
    for (const name of ['..', '.', 'a/b', '../../secrets/a']) {
      expect((await call('POST', maps, { metadata: { name } })).status).toBe(422);
    }
    const { entries } = await store.list('/registry/minions/');
    expect(entries).toEqual([]);
  });
});

describe('a selector', () => {
  it('is obeyed or refused, whatever it says and however long it is', async () => {
    const part = fc.oneof(
      fc.constantFrom('a', '=', '!=', '!', ',', '(', ')', ' in ', ' notin ', '\\', '\u0000', '☃', '/', '9'.repeat(30)),
      fc.string({ maxLength: 3 }),
    );
    const texts = fc.array(part, { maxLength: 8 }).map((parts) => encodeURIComponent(parts.join('')));
    await fc.assert(
      fc.asyncProperty(texts, fc.constantFrom('labelSelector', 'fieldSelector'), async (text, which) => {
        const { status } = await call('GET', `${maps}?${which}=${text}`);
        expect([text, status === 200 || status === 400]).toEqual([text, true]);
      }),
      { numRuns: 100 },
    );
    const names = many(5000, (i) => `app-${i}`).join(',');
    expect((await call('GET', `${maps}?labelSelector=app+in+(${names})`)).body.items).toEqual([]);
  });
});

it('an evil pattern of a definition is held against long text all the same', async () => {
  const evil = ['^(a+)+$', '^(a|aa)+$', '^([a-z]+)*[0-9]$', '^((a?){30}a{30})+$', '(x+x+)+y'];
  const properties = Object.fromEntries(evil.map((pattern, i) => [`p${i}`, { type: 'string', pattern }]));
  await define(call, definitionOf('Evil', [versionOf({ spec: { type: 'object', properties } })]));
  for (const i of evil.keys()) {
    const text = `${(i === 4 ? 'x' : 'a').repeat(100_000)}!`;
    const object = {
      apiVersion: 'example.com/v1',
      kind: 'Evil',
      metadata: { name: `e${i}` },
      spec: { [`p${i}`]: text },
    };
    expect((await call('POST', '/apis/example.com/v1/namespaces/default/evils', object)).status).toBe(422);
  }
});

describe('a connection', () => {
  const asking = async (lines: string) => {
    const [head = '', body = ''] = (await readUntil(rawConnection(`${lines}\r\nConnection: close\r\n\r\n`))).split(
      '\r\n\r\n',
    );
    return [head.split('\r\n')[0], body];
  };
  const host = 'Host: x';

  it.each([
    [`GET /version HTTP/2.0\r\n${host}`, '505 HTTP Version Not Supported: unsupported protocol version'],
    [`GET /metrics HTTP/2.0\r\n${host}\r\nUpgrade: a`, '505 HTTP Version Not Supported: unsupported protocol version'],
    [`GET /version HTTP/0.9\r\n${host}`, '505 HTTP Version Not Supported: unsupported protocol version'],
    ['GET /version HTTP/1.1\r\nAccept: */*', '400 Bad Request: missing required Host header'],
    [`GET /version HTTP/1.1\r\n${host}\r\n${host}`, '400 Bad Request: too many Host headers'],
    ['GET /version HTTP/1.1\r\nHost: a/b', '400 Bad Request: malformed Host header'],
    [`GET ${maps}/a%zz HTTP/1.1\r\n${host}`, '400 Bad Request'],
    [`get /version HTTP/1.1\r\n${host}`, '400 Bad Request'],
    [`POST ${maps} HTTP/1.1\r\n${host}\r\nContent-Length: -1`, '400 Bad Request'],
  ])('that says %j is told so and ended', async (lines, text) => {
    expect(await asking(lines)).toEqual([`HTTP/1.1 ${text}`, text]);
    expect((await call('GET', '/version')).status).toBe(200);
  });

  it('without TLS is told that there is some', async () => {
    const socket = connectPlain(Number(new URL(own.program.url).port), '127.0.0.1');
    socket.on('error', () => undefined).write(`GET /version HTTP/1.1\r\n${host}\r\n\r\n`);
    let answer = '';
    for await (const part of socket) answer += part;
    expect(answer).toBe('HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n');
  });

  it('whose headers are too large is told so and ended', async () => {
    const text = '431 Request Header Fields Too Large';
    const lines = `GET /version HTTP/1.1\r\n${host}\r\nX-Long: ${'x'.repeat((1 << 20) + 1)}`;
    expect(await asking(lines)).toEqual([`HTTP/1.1 ${text}`, text]);
  });

  it('on which a body comes in a coding nobody knows is told so and ended', async () => {
    const lines = `POST ${maps} HTTP/1.1\r\n${host}\r\nTransfer-Encoding: gzip, chunked`;
    expect(await asking(lines)).toEqual(['HTTP/1.1 501 Not Implemented', 'Unsupported transfer encoding']);
  });

  it('on which a request names the server as well, as one to a proxy does, is answered for its path', async () => {
    const path = '/api/v1/namespaces/default?pretty=0';
    const [status, body] = await asking(`GET http://elsewhere:1${path} HTTP/1.1\r\n${host}`);
    expect([status, JSON.parse(body!).metadata.name]).toEqual(['HTTP/1.1 200 OK', 'default']);
    expect(await asking(`OPTIONS * HTTP/1.1\r\n${host}`)).toEqual(['HTTP/1.1 200 OK', '']);
    expect(await asking(`GET * HTTP/1.1\r\n${host}`)).toEqual(['HTTP/1.1 404 Not Found', '404 page not found\n']);
  });

  it('on which a client waits to send a body is told to go on once that is read, or is refused and ended', async () => {
    const body = JSON.stringify({ metadata: { generateName: 'waits-' } });
    const expecting = (path: string, what = '100-continue') =>
      `POST ${path} HTTP/1.1\r\n${host}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: ${what}\r\n`;
    const socket = rawConnection(`${expecting(maps)}Connection: close\r\n\r\n`);
    expect(await readUntil(socket, '\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write(body);
    expect(await readUntil(socket)).toMatch(/^HTTP\/1\.1 201 /);
    const refused = await readUntil(rawConnection(`${expecting('/apis/none.example.com/v1/nones')}\r\n`));
    expect(refused).toMatch(/^HTTP\/1\.1 404 .*\r\nConnection: close\r\n/s);
    const other = await readUntil(rawConnection(`${expecting(maps, 'more')}\r\n`));
    expect(other).toMatch(/^HTTP\/1\.1 417 .*\r\nConnection: close\r\n/s);
  });

  it('on which parameters come that are none is answered without them', async () => {
    const [status, body] = await asking(
      `GET ${maps}?limit=%zz&labelSelector=a;b&resourceVersion=0 HTTP/1.1\r\n${host}`,
    );
    expect([status, JSON.parse(body!).kind]).toEqual(['HTTP/1.1 200 OK', 'ConfigMapList']);
  });

  it('that was not upgraded is at its end: what follows on it is answered by nobody', async () => {
    const upgrade =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n';
    const next = 'GET /version HTTP/1.1\r\nHost: x\r\n\r\n';
    const socket = rawConnection(`GET ${maps}/none HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n${next}`);
    const answers = await readUntil(socket);
    expect(answers).toMatch(/^HTTP\/1\.1 404 /);
    expect(answers).toMatch(/^Connection: close\r$/m);
    expect(answers.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

  it('that never ends its headers holds nobody up', async () => {
    const slow = many(200, () => rawConnection('GET /version HTTP/1.1\r\nHost: x\r\nX-Slow: '));
    expect((await call('GET', '/version')).status).toBe(200);
    for (const each of slow) each.destroy();
  });

  it('of a watcher that never reads is ended when it has missed too much, and others see every event', async () => {
    const watching = (path: string) => `GET ${path}?watch=1&resourceVersion=0 HTTP/1.1\r\nHost: x\r\n\r\n`;
    const path = '/api/v1/namespaces/default/secrets';
    const idle = many(2, () => rawConnection(watching(path)).pause());
    const names = many(200, (i) => `event-${i}`);
    let text = '';
    const reader = request(
      `${own.program.url}${path}?watch=1&resourceVersion=0`,
      { ...own.program.admin, agent: false },
      (response) => {
        response.on('error', () => undefined);
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString('latin1').replace(/[A-Za-z0-9+/=]{100,}/g, '');
        });
      },
    );
    reader.on('error', () => undefined).end();
    const seen = () => [...text.matchAll(/"type":"ADDED".*?"name":"(event-\d+)"/g)].map(([, name]) => name);
    const data = { a: Buffer.alloc(200_000, 1).toString('base64') };
    for (const name of names) expect((await call('POST', path, { metadata: { name }, data })).status).toBe(201);
    await eventually(async () => seen().length >= names.length);
    reader.destroy();
    expect(seen()).toEqual(names);
    // What is on its way is left to be read, and then the end is seen.
    for (const each of idle)
      expect((await readUntil(each, '\r\n0\r\n\r\n')).length).toBeLessThan(names.length * 266_000);
  });
});

describe('a redirect', () => {
  it('of an admission webhook fails the request, and is not followed', async () => {
    const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
    const rules = [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['podtemplates'] }];
    const made = await call('POST', path, {
      metadata: { name: 'moved' },
      webhooks: [
        {
          name: 'moved.example.com',
          clientConfig: { url: elsewhere.url, caBundle: elsewhere.caBundle },
          rules,
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
        },
      ],
    });
    expect(made.status).toBe(201);
    const template = { spec: { containers: [{ name: 'c', image: 'x' }] } };
    const create = () =>
      call('POST', '/api/v1/namespaces/default/podtemplates?dryRun=All', { metadata: { name: 't' }, template });
    await eventually(async () => (await create()).status !== 201);
    expect((await create()).body.message).toBe(
      'Internal error occurred: failed calling webhook "moved.example.com": failed to call webhook: the server responded with the status code 302 but did not return more information',
    );
  });

  it('of a conversion webhook fails the read, and is not followed', async () => {
    const versions = ['v1', 'v2'].map((name) => versionOf({}, { name, storage: name === 'v1' }));
    await define(
      call,
      definitionOf('Moved', versions, {
        group: 'moved.example.com',
        names: { plural: 'moveds', kind: 'Moved' },
        conversion: {
          strategy: 'Webhook',
          webhook: {
            clientConfig: { url: elsewhere.url, caBundle: elsewhere.caBundle },
            conversionReviewVersions: ['v1'],
          },
        },
      }),
    );
    const path = (version: string) => `/apis/moved.example.com/${version}/namespaces/default/moveds`;
    const object = { apiVersion: 'moved.example.com/v1', kind: 'Moved', metadata: { name: 'a' } };
    expect((await call('POST', path('v1'), object)).status).toBe(201);
    const read = await call('GET', `${path('v2')}/a`);
    expect([read.status, read.body.message]).toEqual([500, expect.stringContaining('302')]);
  });
});

it('after all this the server is well, and has met no fault of its own', async () => {
  expect(await own.program.get('/readyz')).toEqual({ status: 200, text: 'ok' });
  expect(own.program.log()).not.toMatch(/"level":"(error|fatal)"/);
});
