import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { exposition } from '@coracle/process/exposition';
import { issueCertificate, makeAuthority } from '@coracle/process/pki';
import { expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { postToWebhook, webhookTarget } from './post.ts';
import { restClientMetrics } from './rest-metrics.ts';

it('does not ask who has its name as the subject of its certificate alone, and counts that', async () => {
  const authority = await makeAuthority({ commonName: 'test-ca', days: 1 });
  const { certificate, key } = await issueCertificate({
    authority,
    commonName: 'localhost',
    usages: ['server'],
    days: 1,
  });
  let asked = 0;
  const server = createServer({ cert: certificate, key }, (_, response) => {
    asked++;
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const caBundle = Buffer.from(authority.certificate).toString('base64');
  const target = webhookTarget({ url: `https://localhost:${port}/`, caBundle }, () => ({ host: '127.0.0.1', port }));
  const metrics = new Registry();
  const call = { milliseconds: 10_000, userAgent: 'test', observe: restClientMetrics(metrics) };
  await expect(postToWebhook(target, Buffer.from('{}'), call)).rejects.toThrow(
    'tls: failed to verify certificate: x509: certificate relies on legacy Common Name field, use SANs instead',
  );
  expect(asked).toBe(0);
  expect((await exposition(metrics, undefined)).text).toContain('apiserver_webhooks_x509_missing_san_total 1\n');
  server.close();
});
