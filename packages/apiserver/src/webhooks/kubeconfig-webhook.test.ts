import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StatusError, tooManyRequests, unauthorized } from '@coracle/api/meta/status';
import { ConnectionError } from '@coracle/client/transport';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type HttpsServer, startHttpsServer } from '../testing/https-server.ts';
import { writeWebhookConfig } from '../testing/kubeconfig.ts';
import { type KubeconfigWebhook, kubeconfigWebhook, mayPass } from './kubeconfig-webhook.ts';
import { WebhookTimeout } from './post.ts';

let folder: string;
let hook: HttpsServer;
const made: KubeconfigWebhook[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webhook-'));
  hook = await startHttpsServer(() => ({ answer: 1 }));
});
afterEach(() => {
  for (const each of made.splice(0)) each.close();
});
afterAll(async () => {
  await hook.close();
  await rm(folder, { recursive: true });
});

async function webhook(options: { timeout?: number } = {}): Promise<KubeconfigWebhook> {
  const file = join(folder, 'hook.yaml');
  await writeWebhookConfig(file, hook);
  const it = kubeconfigWebhook(file, options);
  made.push(it);
  return it;
}

describe('a webhook of a kubeconfig', () => {
  it('is told who asks, and how long it may take', async () => {
    await (await webhook()).post({});
    await (await webhook({ timeout: 1500 })).post({});
    expect(hook.received.map(({ path }) => path)).toEqual(['/in?timeout=30s', '/in?timeout=1.5s']);
    expect(hook.received[0]!.headers['user-agent']).toMatch(
      /^kube-apiserver\/v1\.36\.0 \(\w+\/\w+\) kubernetes\/\w{7}$/,
    );
  });

  it('that takes longer is waited for no more', async () => {
    hook.respond = () => undefined;
    const late = (await webhook({ timeout: 50 })).post({});
    await expect(late).rejects.toThrow(WebhookTimeout);
    await expect(late).rejects.toThrow(
      `Post "${hook.url}/in?timeout=50ms": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
    );
  });

  it('that is not there is named, with what was asked of it', async () => {
    const file = join(folder, 'gone.yaml');
    const server = 'http://127.0.0.1:1/a';
    await writeFile(
      file,
      JSON.stringify({
        clusters: [{ name: 'c', cluster: { server } }],
        contexts: [{ name: 'x', context: { cluster: 'c' } }],
        'current-context': 'x',
      }),
    );
    const gone = kubeconfigWebhook(file);
    made.push(gone);
    await expect(gone.post({})).rejects.toThrow(
      'Post "http://127.0.0.1:1/a?timeout=30s": dial tcp 127.0.0.1:1: connect: connection refused',
    );
  });
});

describe('a call of a webhook that failed', () => {
  const failure = (code: number, reason: string, more = {}) => new StatusError({ code, reason, message: 'm', ...more });
  const broken = (code: string) => new ConnectionError('m', false, Object.assign(new Error('m'), { code }));
  it.each<[string, unknown, boolean]>([
    ['for an error of its own', failure(500, 'InternalError'), true],
    ['for its time', failure(504, 'Timeout'), true],
    ['for too many requests', tooManyRequests('m'), true],
    ['while it is not available', failure(503, 'ServiceUnavailable'), false],
    ['and says when to ask again', failure(503, 'ServiceUnavailable', { details: { retryAfterSeconds: 1 } }), true],
    ['for who asks', unauthorized(), false],
    ['by a reset connection', broken('ECONNRESET'), true],
    ['by a lost connection', new ConnectionError('http2: client connection lost', false), true],
    ['by no connection at all', broken('ECONNREFUSED'), false],
    ['for taking too long', new WebhookTimeout('m'), false],
  ])('%s', (_, error, again) => {
    expect(mayPass(error)).toBe(again);
  });
});
