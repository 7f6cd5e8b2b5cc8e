import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Duplex, PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { node } from '@coracle/api/core/v1/node';
import { pod } from '@coracle/api/core/v1/pod';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import { StatusError } from '@coracle/api/meta/status';
import { role } from '@coracle/api/rbac/v1/role';
import { roleBinding } from '@coracle/api/rbac/v1/rolebinding';
import type { Client } from '@coracle/client/client';
import { remoteCommand } from '@coracle/client/streams';
import { issueCertificate } from '@coracle/process/pki';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CoreV1Api, Exec, KubeConfig, Log, PortForward, type V1Status } from '@kubernetes/client-node';
import { WebSocket, WebSocketServer } from 'ws';
import { ownAddress } from '../testing/extension-server.ts';
import { type SecureServer, startSecureServer } from '../testing/secure-server.ts';
import { encodeFrame, FrameReader } from './spdy/frames.ts';
import { HeaderCompressor, HeaderReader } from './spdy/headers.ts';

let server: SecureServer;
let kubelet: Server;
/** What the kubelet was asked for, `METHOD path`. */
const asked: string[] = [];
/** What it saw of who asks. */
const callers: { name: string | string[] | undefined; authorization: string | undefined }[] = [];

const streamTypes = ['error', 'stdin', 'stdout', 'stderr', 'resize'];

/**
 * Plays the runtime's end of a remote command over SPDY: what comes on stdin goes back on stdout, sizes on stderr, and when stdin
 * ends (or at once, without stdin) the command succeeds, or fails with the exit code its arguments name.
 */
async function playCommand(socket: Duplex, query: URLSearchParams): Promise<void> {
  const reader = new FrameReader();
  const headers = new HeaderReader();
  const replies = new HeaderCompressor();
  const types = new Map<number, string>();
  const ids = new Map<string, number>();
  const wanted = 1 + ['input', 'output', 'error', 'tty'].filter((name) => query.has(name)).length;
  const send = (type: string, data: Buffer | string, fin = false) => {
    const streamId = ids.get(type);
    if (streamId !== undefined) socket.write(encodeFrame({ type: 'data', streamId, fin, data: Buffer.from(data) }));
  };
  const finish = () => {
    const code = query.getAll('command')[1];
    const failure = {
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: code }] },
    };
    send('error', JSON.stringify(code ? failure : { metadata: {}, status: 'Success' }), true);
    for (const type of ['stdout', 'stderr']) send(type, '', true);
  };
  for await (const bytes of socket as AsyncIterable<Buffer>) {
    for (const frame of reader.read(bytes)) {
      if (frame.type === 'synStream') {
        const [type = ''] = (await headers.read(frame.headers)).streamtype ?? [];
        types.set(frame.streamId, type);
        ids.set(type, frame.streamId);
        expect(streamTypes).toContain(type);
        socket.write(
          encodeFrame({ type: 'synReply', streamId: frame.streamId, fin: false, headers: await replies.compress({}) }),
        );
        if (types.size === wanted && !query.has('input')) {
          send('stdout', 'out');
          send('stderr', 'err');
          finish();
        }
      }
      if (frame.type !== 'data') continue;
      const from = types.get(frame.streamId);
      if (from === 'stdin' && frame.data.length > 0) send('stdout', frame.data);
      if (from === 'resize' && frame.data.length > 0) send('stdout', `size ${frame.data.toString().trim()};`);
      if (from === 'stdin' && frame.fin) finish();
    }
  }
}

const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'v4.channel.k8s.io' });

/** Plays a port over `v4.channel.k8s.io`: both channels begin with its number, and what comes goes back. */
function playPort(ws: WebSocket, port: number): void {
  for (const channel of [0, 1]) ws.send(Buffer.from([channel, port & 0xff, port >> 8]));
  ws.on('message', (message) => ws.send(message as Buffer));
}

function switchProtocols(request: IncomingMessage, socket: Duplex, more: string[] = []): void {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    `Upgrade: ${request.headers.upgrade}`,
    ...more,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
}

beforeAll(async () => {
  server = await startSecureServer();
  const serving = await issueCertificate({
    authority: server.authority,
    commonName: 'system:node:n1',
    organizations: ['system:nodes'],
    ipAddresses: ['127.0.0.1', ownAddress],
    usages: ['server'],
    days: 1,
  });
  kubelet = createServer({
    cert: serving.certificate,
    key: serving.key,
    ca: server.authority.certificate,
    requestCert: true,
    rejectUnauthorized: true,
  });
  const note = (request: IncomingMessage) => {
    asked.push(`${request.method} ${request.url}`);
    callers.push({
      name: (request.socket as TLSSocket).getPeerCertificate().subject.CN,
      authorization: request.headers.authorization,
    });
    return new URL(request.url ?? '/', 'https://kubelet');
  };
  kubelet.on('request', (request, response) => {
    const { pathname, searchParams } = note(request);
    if (!pathname.startsWith('/containerLogs/default/web/')) {
      response.writeHead(404).end('pod not found');
      return;
    }
    response.write('first\n');
    if (!searchParams.has('follow')) response.end('last\n');
    else request.socket.once('close', () => response.destroy());
  });
  kubelet.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    const { pathname, searchParams } = note(request);
    if (pathname.endsWith('/refuses')) {
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 21\r\n\r\ncontainer not running');
      return;
    }
    if (request.headers.upgrade === 'websocket' && pathname.startsWith('/portForward/')) {
      sockets.handleUpgrade(request, socket, Buffer.alloc(0), (ws) => playPort(ws, Number(searchParams.get('port'))));
    } else if (request.headers.upgrade !== 'SPDY/3.1') {
      switchProtocols(request, socket, ['Sec-WebSocket-Protocol: v4.channel.k8s.io']);
      socket.pipe(socket);
    } else if (pathname.startsWith('/portForward/')) {
      switchProtocols(request, socket, ['X-Stream-Protocol-Version: portforward.k8s.io']);
      socket.pipe(socket);
    } else {
      switchProtocols(request, socket, ['X-Stream-Protocol-Version: v4.channel.k8s.io']);
      playCommand(socket, searchParams).catch(() => socket.destroy());
    }
  });
  kubelet.listen(0, '0.0.0.0');
  await once(kubelet, 'listening');
  const { admin } = server;
  await admin.create(serviceAccount, { metadata: { name: 'default', namespace: 'default' } });
  const { port } = kubelet.address() as AddressInfo;
  for (const [name, address] of [
    ['n1', '127.0.0.1'],
    ['n2', ownAddress],
  ] as const) {
    const made = await admin.create(node, { metadata: { name }, spec: {} });
    const addresses = [{ type: 'InternalIP', address }];
    await admin.updateStatus(node, {
      ...made,
      status: { addresses, daemonEndpoints: { kubeletEndpoint: { Port: port } } },
    });
  }
  const containers = [{ name: 'c', image: 'x' }];
  await admin.create(pod, { metadata: { name: 'web', namespace: 'default' }, spec: { nodeName: 'n1', containers } });
  const two = [...containers, { name: 'refuses', image: 'x' }];
  await admin.create(pod, {
    metadata: { name: 'two', namespace: 'default' },
    spec: { nodeName: 'n1', initContainers: [{ name: 'first', image: 'x' }], containers: two },
  });
  await admin.create(pod, { metadata: { name: 'nowhere', namespace: 'default' }, spec: { containers } });
});

afterAll(async () => {
  await server.close();
  kubelet.closeAllConnections();
  kubelet.close();
});

beforeEach(() => {
  asked.length = 0;
  callers.length = 0;
});

const path = (name: string, subresource: string) => `/api/v1/namespaces/default/pods/${name}/${subresource}`;

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return '';
  } catch (error) {
    return error instanceof StatusError ? `${error.code} ${error.message}` : String(error);
  }
}

/** Runs a command as `client` and returns what it wrote and how it ended. */
async function run(client: Client, query: Record<string, string | string[] | boolean>, stdin?: Readable, name = 'web') {
  const outputs = { stdout: new PassThrough(), stderr: new PassThrough() };
  const read = Promise.all([text(outputs.stdout), text(outputs.stderr)]);
  const status = await remoteCommand(client, path(name, 'exec'), query, { ...outputs, ...(stdin ? { stdin } : {}) });
  outputs.stdout.end();
  outputs.stderr.end();
  const [stdout, stderr] = await read;
  return { status, stdout, stderr };
}

describe('log', () => {
  it('comes from the kubelet, with the options in its words', async () => {
    const body = await text(
      await server.admin.stream(path('web', 'log'), {
        query: { tailLines: '5', timestamps: true, sinceSeconds: '60' },
      }),
    );
    expect(body).toBe('first\nlast\n');
    expect(asked).toEqual(['GET /containerLogs/default/web/c?sinceSeconds=60&tailLines=5&timestamps=true']);
    expect(callers).toEqual([{ name: 'kube-apiserver-kubelet-client', authorization: undefined }]);
  });

  it('is followed until the client leaves', async () => {
    const leaving = new AbortController();
    const stream = await server.admin.stream(path('web', 'log'), { query: { follow: true }, signal: leaving.signal });
    const gone = new Promise((resolve) => kubelet.once('request', (_, response) => response.once('close', resolve)));
    const [first] = await once(stream, 'data');
    expect(String(first)).toBe('first\n');
    const second = await server.admin.stream(path('web', 'log'), { query: { follow: true }, signal: leaving.signal });
    stream.on('error', () => undefined);
    second.on('error', () => undefined);
    leaving.abort();
    await gone;
  });

  it.each<[string, Record<string, string>, string]>([
    ['none', {}, '404 pods "none" not found'],
    ['two', {}, '400 a container name must be specified for pod two, choose one of: [first c refuses]'],
    ['web', { container: 'x' }, '400 container x is not valid for pod web'],
    [
      'web',
      { tailLines: '-1' },
      '422 PodLogOptions "web" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'web',
      { sinceSeconds: '0', sinceTime: '2020-01-01T00:00:00Z' },
      '422 PodLogOptions "web" is invalid: []: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
    ],
    ['web', { sinceSeconds: 'x', tailLines: 'y' }, '400 strconv.ParseInt: parsing "x": invalid syntax'],
    [
      'web',
      { limitBytes: '9223372036854775808' },
      '400 strconv.ParseInt: parsing "9223372036854775808": value out of range',
    ],
    [
      'web',
      { sinceTime: 'now' },
      '400 parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"',
    ],
    ['web', { stream: 'Stdout' }, '422 PodLogOptions "web" is invalid: stream: Forbidden: may not be specified'],
    ['two', { container: 'c' }, '404 the server could not find the requested resource ( pods/log two)'],
  ])('of %s %j is refused', async (name, query, expected) => {
    expect(await refusal(server.admin.stream(path(name, 'log'), { query }))).toBe(expected);
  });

  it('is with times where that is said without a value, since a time to the second', async () => {
    const query = 'timestamps&previous=0&sinceTime=2020-01-01T01:00:00.9%2b01:00';
    await text(await server.admin.stream(`${path('web', 'log')}?${query}`));
    expect(asked).toEqual(['GET /containerLogs/default/web/c?sinceTime=2020-01-01T00%3A00%3A00Z&timestamps=true']);
  });

  it('is refused where a number is said without a value', async () => {
    expect(await refusal(server.admin.stream(`${path('web', 'log')}?tailLines=`))).toBe(
      '400 strconv.ParseInt: parsing "": invalid syntax',
    );
  });

  it.each([
    [[], 'first\nlast\n', true],
    [['binary.k8s.io'], 'first\nlast\n', true],
    [['x', 'base64.binary.k8s.io'], 'first\nlast\n', false],
  ])('comes in messages over a WebSocket that offers %j', async (protocols, expected, binary) => {
    const { caData: ca, certData: cert, keyData: key } = await server.configOf('raw', 'system:masters');
    const url = `${server.url.replace('https', 'wss')}${path('web', 'log')}`;
    const client = new WebSocket(url, protocols, { ca: ca!, cert: cert!, key: key! });
    const messages: Buffer[] = [];
    const kinds = new Set<boolean>();
    client.on('message', (data: Buffer, isBinary) => {
      kinds.add(isBinary);
      messages.push(isBinary ? data : Buffer.from(data.toString(), 'base64'));
    });
    const [code] = await once(client, 'close');
    expect([code, client.protocol]).toEqual([1000, protocols.at(-1) ?? '']);
    expect(messages[0]).toHaveLength(0);
    expect(Buffer.concat(messages).toString()).toBe(expected);
    expect([...kinds]).toEqual([binary]);
  });

  it('of a pod that is nowhere is not there yet', async () => {
    const answer = await server.admin.request('GET', path('nowhere', 'log'));
    expect([answer.status, answer.body.length]).toEqual([204, 0]);
  });
});

describe('a node that cannot be reached', () => {
  const exec = (name: string) => run(server.admin, { command: ['x'], stdout: true }, undefined, name);
  const onNode = async (name: string, nodeName: string) => {
    const containers = [{ name: 'c', image: 'x' }];
    await server.admin.create(pod, { metadata: { name, namespace: 'default' }, spec: { nodeName, containers } });
  };
  const answer = async (work: Promise<unknown>) => {
    const error = await work.catch((it: unknown) => it);
    return error instanceof StatusError ? error.status : undefined;
  };

  it('since it is not there is not found', async () => {
    await onNode('orphan', 'gone');
    for (const work of [() => server.admin.stream(path('orphan', 'log')), () => exec('orphan')])
      expect(await refusal(work())).toContain('404 nodes "gone" not found');
  });

  it('since it has no address is told of so', async () => {
    await server.admin.create(node, { metadata: { name: 'silent' }, spec: {} });
    await onNode('unheard', 'silent');
    for (const work of [
      () => server.admin.stream(path('unheard', 'log')),
      () => server.admin.request('GET', '/api/v1/nodes/silent/proxy/'),
    ]) {
      const status = await answer(work());
      expect(status).toMatchObject({ code: 500, message: 'no preferred addresses found; known addresses: []' });
      expect(status?.reason ?? '').toBe('');
    }
  });

  it('since nothing listens there is told of in the words of who dialled', async () => {
    const made = await server.admin.create(node, { metadata: { name: 'down' }, spec: {} });
    await server.admin.updateStatus(node, {
      ...made,
      status: {
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        daemonEndpoints: { kubeletEndpoint: { Port: 1 } },
      },
    });
    await onNode('cut-off', 'down');
    const refused = 'dial tcp 127.0.0.1:1: connect: connection refused';
    const log = await answer(server.admin.stream(path('cut-off', 'log')));
    expect(log).toMatchObject({
      code: 500,
      message: `Get "https://127.0.0.1:1/containerLogs/default/cut-off/c": ${refused}`,
    });
    expect(log?.reason ?? '').toBe('');
    expect((await exec('cut-off')).status).toMatchObject({
      code: 500,
      reason: 'InternalError',
      message: `Internal error occurred: error sending request: Post "https://127.0.0.1:1/exec/default/cut-off/c?output=1&command=x": ${refused}`,
    });
    const { head, socket } = await upgrade(`${path('cut-off', 'exec')}?command=x&stdout=true`, 'SPDY/3.1');
    const [, body = ''] = (head + (await text(socket))).split('\r\n\r\n');
    expect(JSON.parse(body)).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: `error dialing backend: ${refused}`,
      code: 500,
    });
  });
});

describe('exec', () => {
  it('over WebSocket v5 reaches a runtime that speaks SPDY', async () => {
    const done = await run(server.admin, { command: ['run'], stdout: true, stderr: true });
    expect(done).toMatchObject({ status: { status: 'Success' }, stdout: 'out', stderr: 'err' });
    expect(asked).toEqual(['POST /exec/default/web/c?output=1&error=1&command=run']);
  });

  it('gives back the exit code', async () => {
    const { status } = await run(server.admin, { command: ['run', '3'], stdout: true });
    expect(status).toMatchObject({
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    });
  });

  it('carries stdin to its end, whole', async () => {
    const sent = 'x'.repeat(3_000_000);
    const { status, stdout } = await run(
      server.admin,
      { command: ['cat'], stdin: true, stdout: true },
      Readable.from([sent]),
    );
    expect(status.status).toBe('Success');
    expect(stdout.length).toBe(sent.length);
  });

  it('says why the kubelet refuses', async () => {
    const { status } = await run(
      server.admin,
      { command: ['x'], container: 'refuses', stdout: true },
      undefined,
      'two',
    );
    expect(status).toMatchObject({
      status: 'Failure',
      reason: 'InternalError',
      message: 'Internal error occurred: unable to upgrade connection: container not running',
      code: 500,
    });
  });

  it('asks for an upgrade, and for a pod that runs somewhere', async () => {
    expect(await refusal(server.admin.request('POST', path('web', 'exec')))).toBe('400 Upgrade request required');
    expect(await refusal(run(server.admin, { command: ['x'], stdout: true }, undefined, 'nowhere'))).toContain(
      'pod nowhere does not have a host assigned',
    );
  });

  it('is for those who may create it, whatever the method', async () => {
    const metadata = { name: 'watcher', namespace: 'default' };
    await server.admin.create(role, {
      metadata,
      rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods', 'pods/exec'] }],
    });
    await server.admin.create(roleBinding, {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'watcher' },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'watcher' }],
    });
    const watcher = await server.as('watcher');
    expect(await refusal(run(watcher, { command: ['x'], stdout: true }))).toContain(
      'User "watcher" cannot create resource "pods/exec"',
    );
    expect(asked).toEqual([]);
  });
});

describe('attach', () => {
  it('is to what runs: its output comes, and input goes until it ends', async () => {
    const outputs = { stdout: new PassThrough(), stdin: Readable.from(['hello']) };
    const status = await remoteCommand(server.admin, path('web', 'attach'), { stdin: true, stderr: 'false' }, outputs);
    outputs.stdout.end();
    expect([status.status, await text(outputs.stdout)]).toEqual(['Success', 'hello']);
    expect(asked).toEqual(['POST /attach/default/web/c?input=1&output=1']);
  });
});

/** A raw upgrade over TLS as the administrator; resolves with the head of the answer and the connection. */
async function upgrade(target: string, protocol: string, headers: string[] = [], method = 'POST') {
  const { certData, keyData } = await server.configOf('raw', 'system:masters');
  const { port } = new URL(server.url);
  const socket = connectTls({
    host: '127.0.0.1',
    port: Number(port),
    ca: server.authority.certificate,
    cert: certData!,
    key: keyData!,
  });
  socket.write(
    [`${method} ${target} HTTP/1.1`, 'Host: x', 'Connection: Upgrade', `Upgrade: ${protocol}`, ...headers, '', ''].join(
      '\r\n',
    ),
  );
  let head = '';
  while (!head.includes('\r\n\r\n')) head += String((await once(socket, 'data'))[0]);
  return { head, socket };
}

describe('an upgrade the server does not translate', () => {
  it('goes through as it is, without the credentials of the client', async () => {
    const target = `${path('web', 'portforward')}?ports=80`;
    const { head, socket } = await upgrade(target, 'SPDY/3.1', [
      'X-Stream-Protocol-Version: portforward.k8s.io',
      'Authorization: Basic eA==',
    ]);
    expect(head).toContain('101 Switching Protocols');
    expect(head).toContain('X-Stream-Protocol-Version: portforward.k8s.io');
    expect(asked).toEqual(['POST /portForward/default/web?port=80']);
    expect(callers[0]).toEqual({ name: 'kube-apiserver-kubelet-client', authorization: undefined });
    socket.write('any bytes');
    expect(String((await once(socket, 'data'))[0])).toBe('any bytes');
    socket.destroy();
  });

  it.each(['exec', 'attach'])('is a WebSocket of v4, between the client and the kubelet: %s', async (what) => {
    const { head, socket } = await upgrade(
      `${path('web', what)}?stdin=true&stdout=true&stderr=false${what === 'exec' ? '&command=cat' : ''}`,
      'websocket',
      [
        'Sec-WebSocket-Protocol: v4.channel.k8s.io',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ],
      'GET',
    );
    expect(head).toContain('101 Switching Protocols');
    expect(head).toContain('Sec-WebSocket-Protocol: v4.channel.k8s.io');
    expect(asked).toEqual([`GET /${what}/default/web/c?input=1&output=1${what === 'exec' ? '&command=cat' : ''}`]);
    const frame = Buffer.from([0x82, 0x82, 0, 0, 0, 0, 0, 0x61]);
    socket.write(frame);
    expect((await once(socket, 'data'))[0]).toEqual(frame);
    socket.destroy();
  });

  it('that the kubelet refuses is refused with its answer, and nobody is reached over the connection any more', async () => {
    const { head, socket } = await upgrade(`${path('two', 'exec')}?container=refuses&stdout=1&command=x`, 'SPDY/3.1');
    socket.write(`GET ${path('web', 'log')} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const answers = head + (await text(socket));
    expect(answers).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
    expect(answers).toMatch(/container not running$/);
    expect(asked).toHaveLength(1);
  });
});

describe('port-forward', () => {
  it.each([
    ['x', 'parsing "x": invalid syntax'],
    ['80,-1', 'parsing "-1": invalid syntax'],
    ['70000', 'parsing "70000": value out of range'],
  ])('of ports that are none is refused: %s', async (ports, problem) => {
    const asking = server.admin.request('POST', path('web', 'portforward'), { query: { ports } });
    expect(await refusal(asking)).toBe(`400 cannot convert to []int32: strconv.ParseUint: ${problem}`);
  });

  it('tunnels SPDY through a WebSocket', async () => {
    // No WebSocket library offers a subprotocol of this name, so the frames are made by hand: masked, with a mask of zeros.
    const protocol = 'Sec-WebSocket-Protocol: SPDY/3.1+portforward.k8s.io';
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
    const { head, socket } = await upgrade(
      path('web', 'portforward'),
      'websocket',
      [protocol, key, 'Sec-WebSocket-Version: 13'],
      'GET',
    );
    expect(head).toContain('101 Switching Protocols');
    expect(head).toContain(protocol);
    expect(asked).toEqual(['POST /portForward/default/web']);
    const message = Buffer.from('frames');
    socket.write(Buffer.concat([Buffer.from([0x82, 0x80 | message.length, 0, 0, 0, 0]), message]));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer).toEqual(Buffer.concat([Buffer.from([0x82, message.length]), message]));
    socket.destroy();
  });
});

describe('the JavaScript client of the Kubernetes project', () => {
  const config = new KubeConfig();
  beforeAll(async () => {
    const base64 = (pem: string | undefined) => Buffer.from(pem!).toString('base64');
    const { server: url, caData, certData, keyData } = await server.configOf('js', 'system:masters');
    config.loadFromOptions({
      clusters: [{ name: 'test', server: url, caData: base64(caData) }],
      users: [{ name: 'js', certData: base64(certData), keyData: base64(keyData) }],
      contexts: [{ name: 'test', cluster: 'test', user: 'js' }],
      currentContext: 'test',
    });
  });

  it('runs commands, with input, output and how they ended', async () => {
    const exec = async (command: string[], stdin: Readable | null) => {
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      const status = await new Promise<V1Status>((resolve, reject) => {
        new Exec(config).exec('default', 'web', 'c', command, stdout, stderr, stdin, false, resolve).catch(reject);
      });
      stdout.end();
      stderr.end();
      return { status, stdout: await text(stdout), stderr: await text(stderr) };
    };
    expect(await exec(['run'], null)).toMatchObject({ status: { status: 'Success' }, stdout: 'out', stderr: 'err' });
    expect(await exec(['cat'], Readable.from(['hello']))).toMatchObject({ stdout: 'hello' });
    const failed = await exec(['run', '3'], null);
    expect(failed.status).toMatchObject({ reason: 'NonZeroExitCode', details: { causes: [{ message: '3' }] } });
  });

  it('forwards a port', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    await new PortForward(config).portForward('default', 'web', [8080], output, null, input);
    expect(asked).toEqual(['GET /portForward/default/web?port=8080']);
    input.write('hello');
    let echoed = '';
    while (echoed !== 'hello') echoed += String((await once(output, 'data'))[0]);
    input.end();
  });

  it('reads a log, and meets Status objects as errors', async () => {
    const output = new PassThrough();
    await new Log(config).log('default', 'web', 'c', output, { tailLines: 5 });
    expect(await text(output)).toBe('first\nlast\n');
    const refused = config.makeApiClient(CoreV1Api).readNamespacedPodLog({ name: 'none', namespace: 'default' });
    await expect(refused).rejects.toMatchObject({ code: 404 });
  });
});

describe('proxy of nodes', () => {
  it("reaches the kubelet, with the server's certificate and without the client's credentials", async () => {
    const log = '/containerLogs/default/web/c?tailLines=5';
    const { port } = kubelet.address() as AddressInfo;
    for (const name of ['n2', `n2:${port}`]) {
      expect(await text(await server.admin.stream(`/api/v1/nodes/${name}/proxy${log}`))).toBe('first\nlast\n');
    }
    expect(asked).toEqual([`GET ${log}`, `GET ${log}`]);
    const caller = { name: 'kube-apiserver-kubelet-client', authorization: undefined };
    expect(callers).toEqual([caller, caller]);
  });

  it.each([
    ['none', '404 nodes "none" not found'],
    ['n1', '400 address not allowed'],
    ['n1:1', '400 address not allowed'],
  ])('of %s is refused', async (name, expected) => {
    expect(await refusal(server.admin.stream(`/api/v1/nodes/${name}/proxy/`))).toBe(expected);
  });
});
