import { once } from 'node:events';
import { connect as connectHttp2, createSecureServer } from 'node:http2';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { type Issued, issueCertificate, makeAuthority } from '@coracle/process/pki';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RequestContext, UserInfo } from '../link.ts';
import { Warnings } from '../warnings.ts';
import type { Authenticator } from './authenticator.ts';
import { bearerTokens, unionOfTokens } from './bearer-token.ts';
import { certificatesIn, clientCertificates } from './client-certificate.ts';
import { authentication } from './index.ts';
import { requestHeaders } from './request-header.ts';
import { fixedTokens, parseTokenFile } from './token-file.ts';

const warnings: string[] = [];
const parsed = (text: string) => parseTokenFile(text, '/t.csv', (warning) => warnings.push(warning));
const tokens = parsed('secret,alice,7,"devs,ops"\n\nother,"bo ""b""",8\n');

describe('a token file', () => {
  it('gives users their groups', () => {
    expect(tokens.get('secret')).toEqual({ name: 'alice', uid: '7', groups: ['devs', 'ops'], extra: {} });
    expect(tokens.get('other')).toEqual({ name: 'bo "b"', uid: '8', groups: [], extra: {} });
  });

  it('is refused with a line that says too little, a comment too', () => {
    const message = "token file '/t.csv' must have at least 3 columns (token, user name, user uid), found";
    expect(() => parsed('secret,alice,7\nsecret2,bob')).toThrow(`${message} 2`);
    expect(() => parsed('# a comment')).toThrow(`${message} 1`);
  });

  it('warns of lines without a token and of tokens that stand twice', () => {
    warnings.length = 0;
    expect([...parsed(',bob,1\na,bob,1\na,carol,2').values()].map(({ name }) => name)).toEqual(['carol']);
    expect(warnings).toEqual([
      "empty token has been found in token file '/t.csv', record number '1'",
      "duplicate token has been found in token file '/t.csv', record number '3'",
    ]);
  });
});

describe('authentication', () => {
  const trusted: { clients?: Issued; proxies?: Issued; stranger?: Issued; port?: number; close?: () => void } = {};
  const warned = new Warnings();
  let ask: (options: AskOptions) => Promise<UserInfo | string>;

  interface AskOptions {
    client?: Issued;
    headers?: Record<string, string | string[]>;
    http2?: boolean;
  }

  beforeAll(async () => {
    const clients = await makeAuthority({ commonName: 'clients', days: 1 });
    const proxies = await makeAuthority({ commonName: 'proxies', days: 1 });
    const stranger = await makeAuthority({ commonName: 'stranger', days: 1 });
    const serving = await issueCertificate({
      authority: clients,
      commonName: 'server',
      ipAddresses: ['127.0.0.1'],
      usages: ['server'],
      days: 1,
    });
    Object.assign(trusted, { clients, proxies, stranger });
    const authenticators: Authenticator[] = [
      requestHeaders({
        authorities: certificatesIn(proxies.certificate),
        allowedNames: ['front-proxy'],
        usernameHeaders: ['x-remote-user'],
        uidHeaders: ['x-remote-uid'],
        groupHeaders: ['x-remote-group'],
        extraHeaderPrefixes: ['x-remote-extra-'],
      }),
      clientCertificates(certificatesIn(clients.certificate), () => undefined),
      bearerTokens(unionOfTokens([fixedTokens(tokens)]), ['api']),
    ];
    const link = authentication({ authenticators, anonymous: () => true });
    const server = createSecureServer({
      allowHTTP1: true,
      cert: serving.certificate,
      key: serving.key,
      ca: [clients.certificate, proxies.certificate],
      requestCert: true,
      rejectUnauthorized: false,
    });
    server.on('request', (req, res) => {
      const context = { req, user: undefined, info: { path: '/api' }, warnings: warned } as unknown as RequestContext;
      link(context, async () => {
        res.end(JSON.stringify(context.user));
      }).catch((error: Error) => res.end(JSON.stringify(error.message)));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    trusted.port = port;
    trusted.close = () => server.close();
    ask = ({ client, headers = {}, http2 = false }) => {
      const tls = { ca: clients.certificate, ...(client ? { cert: client.certificate, key: client.key } : {}) };
      return new Promise((resolve, reject) => {
        const collect = (stream: NodeJS.ReadableStream) => {
          let text = '';
          stream.setEncoding('utf8');
          stream.on('data', (part: string) => {
            text += part;
          });
          stream.on('end', () => resolve(JSON.parse(text)));
        };
        if (!http2) {
          request({ host: '127.0.0.1', port, headers, agent: false, ...tls }, collect)
            .on('error', reject)
            .end();
          return;
        }
        const session = connectHttp2(`https://127.0.0.1:${port}`, tls);
        session.on('error', reject);
        const stream = session.request({ ':path': '/', ...headers });
        collect(stream);
        stream.on('close', () => session.close());
      });
    };
  });

  afterAll(() => trusted.close?.());

  const client = (authority: Issued | undefined, commonName: string, organizations: string[] = []) =>
    issueCertificate({ authority: authority!, commonName, organizations, usages: ['client'], days: 1 });

  it.each([false, true])('takes the user and groups from a client certificate (HTTP/2: %s)', async (http2) => {
    const certificate = await client(trusted.clients, 'carol', ['devs', 'ops']);
    expect(await ask({ client: certificate, http2 })).toEqual({
      name: 'carol',
      uid: '',
      groups: ['devs', 'ops', 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/credential-id': [expect.stringMatching(/^X509SHA256=[0-9a-f]{64}$/)] },
    });
  });

  it('takes the uid from a client certificate, which has one at most', async () => {
    const certificate = (...uids: string[]) =>
      issueCertificate({ authority: trusted.clients!, commonName: 'carol', uids, usages: ['client'], days: 1 });
    expect(await ask({ client: await certificate('ü-7') })).toMatchObject({ name: 'carol', uid: 'ü-7' });
    expect(await ask({ client: await certificate('7', '8') })).toBe('Unauthorized');
    expect(await ask({ client: await certificate('') })).toBe('Unauthorized');
    const headers = { authorization: 'Bearer secret' };
    expect(await ask({ client: await certificate('7', '8'), headers })).toMatchObject({ name: 'alice' });
  });

  it('knows the certificate of a connection that resumes a session', async () => {
    const certificate = await client(trusted.clients, 'carol', ['devs']);
    const tls = {
      host: '127.0.0.1',
      port: trusted.port!,
      ca: trusted.clients!.certificate,
      cert: certificate.certificate,
      key: certificate.key,
    };
    let session: Buffer | undefined;
    for (const resumes of [false, true]) {
      const socket = connect({ ...tls, ...(session ? { session } : {}) });
      socket.on('session', (it) => {
        session = it;
      });
      await once(socket, 'secureConnect');
      expect(socket.isSessionReused()).toBe(resumes);
      socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      let answer = '';
      for await (const part of socket) answer += String(part);
      expect(answer).toContain('"name":"carol"');
    }
  });

  it('refuses a certificate of an authority it does not trust, and one made for servers', async () => {
    expect(await ask({ client: await client(trusted.stranger, 'carol') })).toBe('Unauthorized');
    const forServers = await issueCertificate({
      authority: trusted.clients!,
      commonName: 'x',
      usages: ['server'],
      days: 1,
    });
    expect(await ask({ client: forServers })).toBe('Unauthorized');
  });

  it('knows bearer tokens, and refuses those it does not know', async () => {
    const user = { name: 'alice', uid: '7', groups: ['devs', 'ops', 'system:authenticated'], extra: {} };
    expect(await ask({ headers: { authorization: 'Bearer secret' } })).toEqual(user);
    expect(await ask({ headers: { authorization: 'bearer secret' }, http2: true })).toEqual(user);
    expect(await ask({ headers: { authorization: 'Bearer guess' } })).toBe('Unauthorized');
    expect(await ask({ headers: { authorization: 'Bearer secret and more' } })).toEqual(user);
  });

  it('takes no notice of a token with more than one space before it, but for a warning', async () => {
    for (const authorization of ['Bearer  secret', 'Bearer\tsecret', 'Bearer', 'Basic secret'])
      expect(await ask({ headers: { authorization } })).toMatchObject({ name: 'system:anonymous' });
    expect(warned.headers()).toEqual([
      '299 - "the provided Authorization header contains extra space before the bearer token, and is ignored"',
    ]);
  });

  it('knows a token among the protocols that a WebSocket may speak, beside another one', async () => {
    const carrier = (token: string) => `base64url.bearer.authorization.k8s.io.${token}`;
    const inProtocol = carrier(Buffer.from('secret').toString('base64url'));
    const websocket = { connection: 'keep-alive, Upgrade', upgrade: 'WebSocket' };
    const speaking = (protocols: string, headers = websocket) =>
      ask({ headers: { ...headers, 'sec-websocket-protocol': protocols } });
    expect(await speaking(`${inProtocol}, v5.channel.k8s.io`)).toMatchObject({ name: 'alice' });
    const others = ['', `, ${inProtocol}, v5.channel.k8s.io`].map((more) => `${inProtocol}${more}`);
    for (const protocols of [...others, ...['a', 'a+b=', '_w'].map((each) => `${carrier(each)}, v5.channel.k8s.io`)])
      expect([protocols, await speaking(protocols)]).toEqual([protocols, 'Unauthorized']);
    for (const headers of [
      { connection: 'close', upgrade: 'websocket' },
      { connection: 'Upgrade', upgrade: 'SPDY/3.1' },
    ])
      expect(await speaking(`${inProtocol}, v5.channel.k8s.io`, headers)).toMatchObject({ name: 'system:anonymous' });
    expect(await speaking(`${carrier('')}, v5.channel.k8s.io`)).toMatchObject({ name: 'system:anonymous' });
  });

  it('believes the headers of the front proxy alone', async () => {
    const headers = { 'x-remote-user': 'dave', 'x-remote-group': 'devs', 'x-remote-extra-scopes%2Fa': 'read' };
    const proxy = await client(trusted.proxies, 'front-proxy');
    expect(await ask({ client: proxy, headers })).toEqual({
      name: 'dave',
      uid: '',
      groups: ['devs', 'system:authenticated'],
      extra: { 'scopes/a': ['read'] },
    });
    expect(await ask({ client: await client(trusted.proxies, 'another'), headers })).toBe('Unauthorized');
    expect(await ask({ client: await client(trusted.clients, 'front-proxy'), headers })).toMatchObject({
      name: 'front-proxy',
    });
    expect(await ask({ headers })).toMatchObject({ name: 'system:anonymous' });
    const named = { ...headers, 'x-remote-user': ['', 'root'], 'x-remote-extra-%53copes': ' ' };
    expect(await ask({ client: proxy, headers: named })).toBe('Unauthorized');
    expect(await ask({ client: proxy, headers: { ...named, 'x-remote-user': 'system:anonymous' } })).toMatchObject({
      groups: ['devs'],
      extra: { 'scopes/a': ['read'], Scopes: [''] },
    });
  });

  it.each<[string, Record<string, string>, boolean]>([
    ['nobody in particular', {}, true],
    ['somebody it does not know', { authorization: 'Bearer guess' }, true],
    ['somebody it knows', { authorization: 'Bearer secret' }, false],
  ])('keeps a connection of HTTP/2 for those who say who they are: %s', async (_who, headers, ends) => {
    const session = connectHttp2(`https://127.0.0.1:${trusted.port}`, { ca: trusted.clients!.certificate });
    const send = async () => {
      const stream = session.request({ ':path': '/', ...headers });
      stream.resume();
      await once(stream, 'close');
    };
    const told = once(session, 'goaway');
    await send();
    if (ends) await told;
    else await send();
    expect(session.closed).toBe(ends);
    session.destroy();
  });

  it.each([false, true])('takes a header for one value, whatever commas are in it (HTTP/2: %s)', async (http2) => {
    const proxy = await client(trusted.proxies, 'front-proxy');
    const headers = { 'x-remote-user': 'Doe, Jane', 'x-remote-group': ['cn=a, system:masters', 'devs'] };
    expect(await ask({ client: proxy, headers, http2 })).toMatchObject({
      name: 'Doe, Jane',
      groups: ['cn=a, system:masters', 'devs', 'system:authenticated'],
    });
  });

  it('lets requests without credentials through as anonymous', async () => {
    expect(await ask({})).toEqual({ name: 'system:anonymous', uid: '', groups: ['system:unauthenticated'], extra: {} });
  });
});
