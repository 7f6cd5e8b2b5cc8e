import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { pod } from '@coracle/api/core/v1/pod';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ownAddress } from '../testing/extension-server.ts';
import { startApiServer, type TestServer } from '../testing.ts';

const root = '/api/v1/namespaces/default/pods/web/proxy';
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

let server: TestServer;
let target: Server;
let port: number;
/** The head of the last request that the target saw. */
let seen: string;
let answer: (socket: Socket) => void;

beforeAll(async () => {
  target = createServer((socket) => {
    let head = '';
    socket.on('error', () => undefined);
    socket.on('data', function read(bytes) {
      head += bytes.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', read);
      seen = head;
      answer(socket);
    });
  });
  await new Promise<void>((resolve) => target.listen(0, ownAddress, resolve));
  port = (target.address() as AddressInfo).port;
  server = await startApiServer();
  const containers = [{ name: 'c', image: 'x', ports: [{ containerPort: port }] }];
  const metadata = { name: 'web', namespace: 'default' };
  const made = await server.client.create(pod, { metadata, spec: { containers } });
  await server.client.updateStatus(pod, { ...made, status: { podIP: ownAddress, podIPs: [{ ip: ownAddress }] } });
});
afterAll(async () => {
  await server.close();
  target.close();
});

/** All that comes back for a request, byte by byte. `instead`: what the target answers, as text, or by itself. */
async function ask(
  path: string,
  instead: string | ((socket: Socket) => void) = ok,
  { method = 'GET', headers = [] as string[] } = {},
): Promise<string> {
  answer = typeof instead === 'string' ? (socket) => socket.end(instead, 'latin1') : instead;
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  const isUpgrade = headers.some((each) => each.startsWith('Upgrade:'));
  const all = ['Host: api:6443', ...(isUpgrade ? [] : ['Connection: close']), ...headers];
  socket.write(`${method} ${path} HTTP/1.1\r\n${all.join('\r\n')}\r\n\r\n`);
  return text(socket);
}

const linesOf = (head: string) => head.split('\r\n\r\n', 1)[0]!.split('\r\n');
const valuesOf = (head: string, name: string) =>
  linesOf(head)
    .filter((line) => line.toLowerCase().startsWith(`${name}: `))
    .map((line) => line.slice(name.length + 2));
const statusOf = (all: string) => JSON.parse(all.slice(all.indexOf('\r\n\r\n')).trim()) as object;

describe('the target sees', () => {
  it('whom the client asked, and by what way', async () => {
    const headers = ['X-Forwarded-For: 1.2.3.4', 'X-Forwarded-For: 5.6.7.8', 'X-Forwarded-Host: a', 'TE: trailers, x'];
    await ask(`${root}/a/?b`, ok, { headers: [...headers, 'X-Forwarded-Uri: /x', 'X-Remote-User: root'] });
    expect(
      linesOf(seen)
        .filter((line) => !line.startsWith('Connection'))
        .sort(),
    ).toEqual([
      'GET /a/?b HTTP/1.1',
      'Host: api:6443',
      'TE: trailers',
      'X-Forwarded-For: 1.2.3.4, 5.6.7.8, 127.0.0.1',
      'X-Forwarded-Host: a',
      `X-Forwarded-Uri: ${root}/a/`,
    ]);
  });

  it.each([
    ['/a%20b/c%2Fd', '/a%20b/c/d'],
    ['/a//b/./c/../d/', '/a/b/d/'],
    ['/../../x', '/x'],
    ['?path=/x', '/?path=/x'],
  ])('of %s the path %s', async (asked, passed) => {
    await ask(root + asked, ok, { method: 'POST' });
    expect(linesOf(seen)[0]).toBe(`POST ${passed} HTTP/1.1`);
    expect(valuesOf(seen, 'content-length')).toEqual(['0']);
  });

  it('a request to upgrade with all that asks for it', async () => {
    const headers = ['Connection: Upgrade', 'Upgrade: echo', 'X-Forwarded-For: 9.9.9.9'];
    const upgraded = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello';
    expect(await ask(`${root}/ws?a=1`, upgraded, { headers })).toBe(upgraded);
    expect(linesOf(seen).sort()).toEqual([
      'Connection: Upgrade',
      'GET /ws?a=1 HTTP/1.1',
      'Host: api:6443',
      'Upgrade: echo',
      'X-Forwarded-For: 9.9.9.9, 127.0.0.1',
    ]);
  });
});

describe('the client sees', () => {
  it('what the target says beside what the server says', async () => {
    const said =
      'Cache-Control: max-age=1\r\nAudit-Id: other\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nConnection: X-Hop\r\nX-Hop: 1';
    const all = await ask(`${root}/`, `HTTP/1.1 201 Created\r\n${said}\r\nContent-Length: 2\r\n\r\nok`, {
      headers: ['Audit-ID: mine'],
    });
    expect(valuesOf(all, 'cache-control')).toEqual(['no-cache, private', 'max-age=1']);
    expect(valuesOf(all, 'audit-id')).toEqual(['mine', 'other']);
    expect(valuesOf(all, 'set-cookie')).toEqual(['a', 'b']);
    expect(valuesOf(all, 'x-hop')).toEqual([]);
  });

  it.each([204, 304])('no length of %s, which has no body', async (code) => {
    const all = await ask(`${root}/`, `HTTP/1.1 ${code} Odd\r\nContent-Length: 0\r\nX-A: 1\r\n\r\n`);
    expect([valuesOf(all, 'x-a'), valuesOf(all, 'content-length')]).toEqual([['1'], []]);
  });

  it('what follows a body, said before or not', async () => {
    const head = 'HTTP/1.1 200 OK\r\nTrailer: X-T\r\nTransfer-Encoding: chunked\r\n\r\n';
    const all = await ask(`${root}/`, `${head}2\r\nok\r\n0\r\nX-T: yes\r\nX-U: too\r\n\r\n`);
    expect(valuesOf(all, 'trailer')).toEqual(['X-T']);
    expect(all).toMatch(/\r\n0\r\nX-T: yes\r\nX-U: too\r\n\r\n$/);
    const sized = await ask(`${root}/`, 'HTTP/1.1 200 OK\r\nTrailer: X-T\r\nContent-Length: 2\r\n\r\nok');
    expect([valuesOf(sized, 'trailer'), sized.endsWith('\r\n\r\nok')]).toEqual([[], true]);
  });

  it('what comes before the answer', async () => {
    const all = await ask(`${root}/`, `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok}`);
    expect(all).toMatch(/^HTTP\/1.1 103 Early Hints\r\n(.+\r\n)*link: <\/a>\r\n(.+\r\n)*\r\nHTTP\/1.1 200 OK\r\n/i);
  });

  const broken = 'net/http: HTTP/1.x transport connection broken: ';
  it.each<[string, string | ((socket: Socket) => void), string]>([
    ['is gone', (socket) => socket.end(), 'EOF'],
    ['is gone in the middle of a head', 'HTTP/1.1 200 OK\r\nX-A', `${broken}unexpected EOF`],
    ['speaks something else', 'garbage\r\n\r\n', `${broken}malformed HTTP response "garbage"`],
    [
      'has a header that is none',
      'HTTP/1.1 200 OK\r\nbad header\r\n\r\n',
      `${broken}malformed MIME header: missing colon: "bad header"`,
    ],
    ['breaks the connection', (socket) => socket.resetAndDestroy(), 'read: connection reset by peer'],
  ])('503 of a target that %s', async (_what, instead, why) => {
    const { message, ...rest } = statusOf(await ask(`${root}/`, instead)) as { message: string };
    expect(rest).toMatchObject({ reason: 'ServiceUnavailable', code: 503 });
    expect(message.startsWith('error trying to reach service: ')).toBe(true);
    expect(message.endsWith(why)).toBe(true);
  });

  it('an error where a target goes over to something nobody asked for', async () => {
    const all = await ask(
      `${root}/`,
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n',
    );
    const message = 'backend tried to switch protocol "echo" when "" was requested';
    expect(statusOf(all)).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      code: 500,
    });
  });

  it.each<[string, string | ((socket: Socket) => void), string]>([
    ['answers it', ok, 'invalid upgrade response: status code 200'],
    ['redirects', 'HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n', 'invalid upgrade response: status code 302'],
    ['is gone', (socket) => socket.end(), 'unexpected EOF'],
    ['speaks something else', 'garbage\r\n\r\n', 'malformed HTTP response "garbage"'],
  ])('500 without a reason where an upgrade is asked for and the target %s', async (_what, instead, message) => {
    const all = await ask(`${root}/ws`, instead, { headers: ['Connection: Upgrade', 'Upgrade: echo'] });
    expect(statusOf(all)).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      code: 500,
    });
  });

  it('what a target refuses an upgrade with, whole', async () => {
    const refusal = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno';
    const all = await ask(`${root}/ws`, refusal, { headers: ['Connection: Upgrade', 'Upgrade: echo'] });
    expect(all).toBe('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno');
  });

  it('that nothing listens', async () => {
    const path = root.replace('web', 'web:1');
    const why = `dial tcp ${ownAddress}:1: connect: connection refused`;
    expect(statusOf(await ask(`${path}/`))).toMatchObject({ message: `error trying to reach service: ${why}` });
    const upgrade = await ask(`${path}/`, ok, { headers: ['Connection: Upgrade', 'Upgrade: echo'] });
    expect(statusOf(upgrade)).toMatchObject({ message: `error dialing backend: ${why}`, code: 500 });
  });

  it('that there is no dry run of what the target does', async () => {
    expect(statusOf(await ask(`${root}/?dryRun=All`))).toMatchObject({ message: 'dryRun is not supported', code: 400 });
  });
});
