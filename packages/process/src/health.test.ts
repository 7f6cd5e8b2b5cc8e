import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, connect } from '@coracle/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { delegatedAccess } from './access.ts';
import { type StatusServer, type StatusServerOptions, serveStatus } from './health.ts';
import { processRegistry } from './metrics.ts';
import { type Issued, issueCertificate, makeAuthority } from './pki.ts';

const log = pino({ level: 'silent' });

let authority: Issued;
let stranger: Issued;
let jane: Issued;
let clientCaFile: string;
beforeAll(async () => {
  authority = await makeAuthority({ commonName: 'kubernetes', days: 1 });
  jane = await issueCertificate({ authority, commonName: 'jane', organizations: ['dev'], usages: ['client'], days: 1 });
  const other = await makeAuthority({ commonName: 'kubernetes', days: 1 });
  stranger = await issueCertificate({
    authority: other,
    commonName: 'admin',
    organizations: ['system:masters'],
    usages: ['client'],
    days: 1,
  });
  clientCaFile = join(mkdtempSync(join(tmpdir(), 'health-')), 'ca.crt');
  writeFileSync(clientCaFile, authority.certificate);
});

/** Plays the API server's two reviews: the token `good` is robot's; only jane may get /metrics. */
let reviewer: Server;
let reviews: { kind: string; spec: Record<string, unknown> }[] = [];
let client: Client;
beforeAll(async () => {
  reviewer = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const review = JSON.parse(Buffer.concat(chunks).toString()) as (typeof reviews)[number];
    reviews.push(review);
    const status =
      review.kind === 'TokenReview'
        ? review.spec.token === 'good'
          ? { authenticated: true, user: { username: 'robot', groups: ['system:authenticated'] } }
          : { authenticated: false }
        : {
            allowed:
              review.spec.user === 'jane' &&
              (review.spec.nonResourceAttributes as { path: string }).path === '/metrics',
          };
    response.end(JSON.stringify({ ...review, status }));
  });
  await new Promise<void>((resolve) => reviewer.listen(0, '127.0.0.1', resolve));
  client = connect({ server: `http://127.0.0.1:${(reviewer.address() as AddressInfo).port}` });
});
afterAll(() => {
  client.close();
  reviewer.closeAllConnections();
  return new Promise<void>((resolve) => reviewer.close(() => resolve()));
});

let server: StatusServer;
afterEach(() => server.close());
const start = async (options: Partial<StatusServerOptions> = {}) => {
  reviews = [];
  const access = delegatedAccess(client, { clientCaFile });
  server = await serveStatus({
    port: 0,
    bindAddress: '127.0.0.1',
    metrics: processRegistry(),
    access,
    log,
    ...options,
  });
};

function get(
  path: string,
  who: { as?: Issued; token?: string; method?: string } = {},
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: server.port,
        path,
        method: who.method ?? 'GET',
        rejectUnauthorized: false,
        agent: false,
        ...(who.as ? { cert: who.as.certificate, key: who.as.key } : {}),
        headers: who.token ? { authorization: `Bearer ${who.token}` } : {},
      },
      (incoming) => {
        let body = '';
        incoming.on('data', (chunk) => {
          body += chunk;
        });
        incoming.on('end', () => resolve({ status: incoming.statusCode!, body }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}

describe('the status server', () => {
  it('tells everybody about health, naming what failed but not why', async () => {
    let broken = false;
    const failing = () => {
      if (broken) throw new Error('secret reason');
    };
    await start({ checks: { first: () => {} }, readyChecks: { cache: failing } });
    expect(await get('/healthz')).toEqual({ status: 200, body: 'ok' });
    expect(await get('/readyz?verbose')).toEqual({
      status: 200,
      body: '[+]ping ok\n[+]first ok\n[+]cache ok\nreadyz check passed\n',
    });
    broken = true;
    expect(await get('/livez')).toEqual({ status: 200, body: 'ok' });
    expect(await get('/readyz')).toEqual({
      status: 500,
      body: '[+]ping ok\n[+]first ok\n[-]cache failed: reason withheld\nreadyz check failed\n',
    });
    expect(await get('/readyz/first')).toEqual({ status: 200, body: 'ok' });
    expect(await get('/readyz/cache')).toMatchObject({ status: 500 });
    expect(await get('/readyz?exclude=cache')).toEqual({ status: 200, body: 'ok' });
    expect(await get('/readyz/nope')).toMatchObject({ status: 404 });
    expect(JSON.parse((await get('/version')).body)).toMatchObject({ major: '1', minor: '36' });
    expect(await get('/healthz', { method: 'POST' })).toMatchObject({ status: 405 });
  });

  it('shows metrics only to whom the API server allows it, and remembers its answers', async () => {
    await start();
    expect(await get('/metrics')).toEqual({
      status: 403,
      body: 'Forbidden: User "system:anonymous" cannot get path "/metrics"\n',
    });
    expect(await get('/metrics', { as: jane })).toMatchObject({ status: 200 });
    const asked = reviews.length;
    expect((await get('/metrics', { as: jane })).body).toMatch(/^process_resident_memory_bytes \d+/m);
    expect(reviews).toHaveLength(asked);
    expect(reviews.at(-1)).toMatchObject({
      kind: 'SubjectAccessReview',
      spec: {
        user: 'jane',
        groups: ['dev', 'system:authenticated'],
        nonResourceAttributes: { path: '/metrics', verb: 'get' },
      },
    });
    expect(await get('/metrics', { token: 'good' })).toEqual({
      status: 403,
      body: 'Forbidden: User "robot" cannot get path "/metrics"\n',
    });
    expect(await get('/metrics', { token: 'bad' })).toEqual({ status: 401, body: 'Unauthorized\n' });
  });

  it('takes a certificate of another authority for none, whatever it says', async () => {
    await start();
    expect(await get('/metrics', { as: stranger })).toMatchObject({ status: 403 });
  });

  it('refuses all but health without a way to ask', async () => {
    await start({ access: undefined });
    expect(await get('/metrics', { as: jane })).toMatchObject({ status: 403 });
    expect(await get('/healthz')).toMatchObject({ status: 200 });
  });

  it('serves further pages behind the same access', async () => {
    await start({ pages: { '/configz': () => ({ a: 1 }) } });
    expect(await get('/configz', { as: jane })).toMatchObject({ status: 403 });
  });
});
