import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { exposition } from '@coracle/process/exposition';
import { issueCertificate, makeAuthority } from '@coracle/process/pki';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { postToWebhook, type WebhookTarget, webhookTarget } from './post.ts';
import { restClientMetrics } from './rest-metrics.ts';

let server: ReturnType<typeof createServer>;
let target: WebhookTarget;
/** What the webhook does with what it is asked. */
let respond: RequestListener;

beforeAll(async () => {
  const authority = await makeAuthority({ commonName: 'test-ca', days: 1 });
  const { certificate: cert, key } = await issueCertificate({
    authority,
    commonName: 'test',
    ipAddresses: ['127.0.0.1'],
    usages: ['server'],
    days: 1,
  });
  server = createServer({ cert, key }, (req, res) => respond(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const caBundle = Buffer.from(authority.certificate).toString('base64');
  target = webhookTarget({ url, caBundle }, () => {
    throw new Error('there are no Services');
  });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const failure = async (milliseconds: number, isOwnTime: boolean): Promise<string> => {
  const call = { milliseconds, isOwnTime, userAgent: 'test' };
  return postToWebhook(target, Buffer.from('{}'), call).then(
    () => 'none',
    (error: Error) => error.message,
  );
};
const failed = (why: string) => `Post "${target.origin}/hook?timeout=1s": ${why}`;
const brokenOff = (why: string) => `unexpected error when reading response body. Please retry. Original error: ${why}`;

describe('a webhook', () => {
  it('that does not answer in time is told of by whose time it was', async () => {
    respond = () => undefined;
    const late = 'context deadline exceeded';
    expect(await failure(20, false)).toBe(failed(late));
    expect(await failure(20, true)).toBe(failed(`${late} (Client.Timeout exceeded while awaiting headers)`));
  });

  it('that does not finish its answer in time is told of by whose time it was', async () => {
    respond = (_req, res) => res.write('{"kind":');
    const whose = '(Client.Timeout or context cancellation while reading body)';
    expect(await failure(2_000, true)).toBe(brokenOff(`context deadline exceeded ${whose}`));
  });

  it('that breaks off is told of by how far it came', async () => {
    respond = (_req, res) => res.socket!.destroy();
    expect(await failure(30_000, true)).toBe(`Post "${target.origin}/hook?timeout=30s": EOF`);
    respond = (_req, res) => {
      res.writeHead(200, { 'content-length': '1000' }).write('{', () => res.socket!.destroy());
    };
    expect(await failure(30_000, true)).toBe(brokenOff('unexpected EOF'));
  });
});

it('does not ask who has its name as the subject of its certificate alone, and counts that', async () => {
  const authority = await makeAuthority({ commonName: 'test-ca', days: 1 });
  const { certificate, key } = await issueCertificate({
    authority,
    commonName: 'localhost',
    usages: ['server'],
    days: 1,
  });
  let asked = 0;
  const alone = createServer({ cert: certificate, key }, (_, response) => {
    asked++;
    response.end('{}');
  });
  await new Promise<void>((resolve) => alone.listen(0, '127.0.0.1', resolve));
  const { port } = alone.address() as AddressInfo;
  const caBundle = Buffer.from(authority.certificate).toString('base64');
  const named = webhookTarget({ url: `https://localhost:${port}/`, caBundle }, () => ({ host: '127.0.0.1', port }));
  const metrics = new Registry();
  const call = { milliseconds: 10_000, isOwnTime: true, userAgent: 'test', observe: restClientMetrics(metrics) };
  await expect(postToWebhook(named, Buffer.from('{}'), call)).rejects.toThrow(
    'tls: failed to verify certificate: x509: certificate relies on legacy Common Name field, use SANs instead',
  );
  expect(asked).toBe(0);
  expect((await exposition(metrics, undefined)).text).toContain('apiserver_webhooks_x509_missing_san_total 1\n');
  alone.close();
});
