import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSubjectReview } from '@coracle/api/authentication/v1/selfsubjectreview';
import { configMap } from '@coracle/api/core/v1/configmap';
import { type SecureServer, startSecureServer } from '@coracle/apiserver/testing/secure-server';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Client, connect } from './client.ts';

let server: SecureServer;
let folder: string;
let client: Client;

/** Puts a user's certificate and key where the client has its own, whole or not at all. */
async function become(user: string): Promise<void> {
  const { certData, keyData } = await server.configOf(user, 'system:masters');
  writeFileSync(join(folder, 'next'), `${certData}${keyData}`, { mode: 0o600 });
  renameSync(join(folder, 'next'), join(folder, 'client.pem'));
}

const whoAmI = async () => (await client.create(selfSubjectReview, { metadata: {} })).status?.userInfo?.username;

beforeAll(async () => {
  server = await startSecureServer();
  folder = mkdtempSync(join(tmpdir(), 'renewed-'));
  await become('before');
  const file = join(folder, 'client.pem');
  client = connect({ server: server.url, caData: server.authority.certificate, certFile: file, keyFile: file });
});

afterAll(async () => {
  client.close();
  await server.close();
  rmSync(folder, { recursive: true });
});

describe('a client whose certificate was renewed', () => {
  it('goes on as who it was until it is told, then as who it is now; what runs over the old connection ends', async () => {
    expect(await whoAmI()).toBe('before');
    const { metadata } = await client.list(configMap);
    const watch = client
      .watch(configMap, {
        resourceVersion: metadata.resourceVersion!,
        signal: new AbortController().signal,
      })
      [Symbol.asyncIterator]();
    const first = watch.next();
    await client.create(configMap, { metadata: { name: 'seen', namespace: 'default' } });
    expect((await first).value).toMatchObject({ type: 'ADDED' });

    await become('after');
    expect(await whoAmI()).toBe('before');
    const broken = watch.next().then(
      () => 'went on',
      () => 'broken',
    );
    client.reconnect(0);
    expect(await whoAmI()).toBe('after');
    expect(await broken).toBe('broken');
  });

  it('lets requests that run end', async () => {
    const running = whoAmI();
    client.reconnect();
    expect(await running).toBe('after');
    expect(await whoAmI()).toBe('after');
  });
});
