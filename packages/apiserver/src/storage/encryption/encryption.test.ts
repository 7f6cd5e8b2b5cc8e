import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secret as secretKind } from '@coracle/api/core/v1/secret';
import type { Client } from '@coracle/client/client';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { ownStore } from '../../testing/own-store.ts';
import { startApiServer, type TestServer } from '../../testing.ts';
import type { Store } from '../store.ts';
import { aesGcm, secretBox } from './ciphers.ts';
import { parseEncryptionConfiguration } from './configuration.ts';
import { resourceOfKey } from './resources.ts';
import { type Encryption, encryptionOf } from './setup.ts';

const keyOf = (byte: number, length = 32) => Buffer.alloc(length, byte).toString('base64');

const configOf = (resources: unknown): string =>
  JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'EncryptionConfiguration', resources });

const identity = { identity: {} };
const gcm = (...keys: [string, number][]) => ({
  aesgcm: { keys: keys.map(([name, byte]) => ({ name, secret: keyOf(byte) })) },
});
const cbc = (...keys: [string, number][]) => ({
  aescbc: { keys: keys.map(([name, byte]) => ({ name, secret: keyOf(byte) })) },
});
const box = (...keys: [string, number][]) => ({
  secretbox: { keys: keys.map(([name, byte]) => ({ name, secret: keyOf(byte) })) },
});
const secretsBy = (...providers: unknown[]): string => configOf([{ resources: ['secrets'], providers }]);

const path = '/registry/secrets/default/it';
const clear = 'hunter2';

describe('encryption at rest', () => {
  let folder: string;
  let file: string;
  let store: Store;
  let metrics: Registry;
  let encryption: Encryption;
  let server: TestServer;
  let client: Client;
  const warnings: string[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coracle-encryption-'));
    file = join(folder, 'encryption.yaml');
    store = await ownStore();
    metrics = new Registry();
    warnings.length = 0;
  });
  afterEach(async () => {
    await server?.close();
    encryption?.close();
    await store.close();
    await rm(folder, { recursive: true });
  });

  const log = {
    error: (details: object, message: string) => console.error(message, details),
    warn: (details: object, message: string) => void warnings.push(`${message} ${JSON.stringify(details)}`),
  };

  async function start(config: string): Promise<void> {
    await writeFile(file, config);
    encryption = await encryptionOf(store, { path: file, follow: true, metrics, log });
    server = await startApiServer({ store: encryption.store, log });
    encryption.onChange(() => server.registry.feed.reread());
    client = server.client;
  }

  async function change(config: string): Promise<void> {
    await writeFile(file, config);
    await encryption.reload();
  }

  const create = (name = 'it') =>
    client.create(secretKind, { metadata: { name, namespace: 'default' }, data: { password: btoa(clear) } });
  const stored = async (key = path): Promise<string> => (await store.get(key)).entry!.value.toString('latin1');
  const read = async (name = 'it') => (await client.get(secretKind, name, 'default'))?.data?.password;

  it.each([
    ['aesgcm', gcm(['k1', 1])],
    ['aescbc', cbc(['k1', 1])],
    ['secretbox', box(['k1', 1])],
  ])('keeps secrets by %s, and shows them to clients', async (name, provider) => {
    await start(secretsBy(provider, identity));
    await create();
    const kept = await stored();
    expect(kept.startsWith(`k8s:enc:${name}:v1:k1:`)).toBe(true);
    expect(kept).not.toContain(btoa(clear));
    expect(await read()).toBe(btoa(clear));
    const list = await client.list(secretKind, { namespace: 'default' });
    expect(list.items.map(({ data }) => data)).toEqual([{ password: btoa(clear) }]);
  });

  it('leaves other resources as they are', async () => {
    await start(secretsBy(gcm(['k1', 1])));
    expect((await stored('/registry/namespaces/default')).startsWith('{"kind":"Namespace"')).toBe(true);
  });

  it('encrypts anew what is replaced unchanged, after a new key, provider or none at all', async () => {
    await start(secretsBy(identity));
    await create();
    const replace = async () => client.update(secretKind, (await client.get(secretKind, 'it', 'default'))!);
    const begin = async () => (await stored()).split(':').slice(0, 5).join(':');
    expect(await stored()).toContain(btoa(clear));
    const first = (await client.get(secretKind, 'it', 'default'))!.metadata.resourceVersion;
    expect((await replace()).metadata.resourceVersion).toBe(first);

    await change(secretsBy(gcm(['k1', 1]), identity));
    expect((await replace()).metadata.resourceVersion).not.toBe(first);
    expect(await begin()).toBe('k8s:enc:aesgcm:v1:k1');

    await change(secretsBy(gcm(['k2', 2], ['k1', 1])));
    expect(await read()).toBe(btoa(clear));
    await replace();
    expect(await begin()).toBe('k8s:enc:aesgcm:v1:k2');

    await change(secretsBy(box(['k1', 1]), gcm(['k2', 2])));
    const { metadata } = await replace();
    expect(await begin()).toBe('k8s:enc:secretbox:v1:k1');
    expect((await replace()).metadata.resourceVersion).toBe(metadata.resourceVersion);

    await change(secretsBy(identity, box(['k1', 1])));
    await replace();
    expect(await stored()).toContain(btoa(clear));
  });

  it('answers 500 for what it has no key of, ends watches, and goes on with everything else', async () => {
    await start(secretsBy(gcm(['k1', 1])));
    await create('good');
    await create();
    const response = await fetch(`${server.url}/api/v1/secrets?watch=true&resourceVersion=1`);
    const watched = response.text();
    const { entry } = await store.get(path);
    const foreign = Buffer.concat([Buffer.from('k8s:enc:aesgcm:v1:other:'), randomBytes(60)]);
    await store.put(path, foreign, entry!.revision);
    const cause = `unable to transform key "${path}": no matching key was found for the provided AES transformer`;
    expect(await watched).toContain(`"type":"ERROR"`);
    const problem = { status: { code: 500, reason: 'InternalError', message: `Internal error occurred: ${cause}` } };
    await expect(read()).rejects.toMatchObject(problem);
    await expect(client.list(secretKind, { namespace: 'default' })).rejects.toMatchObject(problem);
    await expect(client.delete(secretKind, 'it', 'default')).rejects.toMatchObject(problem);
    expect((await fetch(`${server.url}/api/v1/secrets?watch=true`)).status).toBe(500);
    expect(await read('good')).toBe(btoa(clear));
    expect((await client.list(secretKind, { namespace: 'kube-system' })).items).toEqual([]);
    await expect(create()).rejects.toMatchObject({ status: { reason: 'AlreadyExists' } });
    expect(warnings.some((text) => text.includes('An object in the store cannot be read'))).toBe(true);
  });

  it('starts with what it cannot read, and reads it when the key has come', async () => {
    await start(secretsBy(gcm(['k1', 1])));
    await create();
    await server.close();
    encryption.close();
    metrics = new Registry();
    await start(secretsBy(identity));
    await expect(read()).rejects.toMatchObject({
      status: { message: expect.stringContaining('identity transformer tried to read encrypted data') },
    });
    await change(secretsBy(identity, gcm(['k1', 1])));
    expect(await read()).toBe(btoa(clear));
    await expectEventually(async () => (await client.list(secretKind, { namespace: 'default' })).items.length === 1);
  });

  it('keeps what counts when the file becomes wrong, and counts reloads', async () => {
    await start(secretsBy(gcm(['k1', 1])));
    await create();
    await change(secretsBy({ aesgcm: { keys: [{ name: 'k2', secret: 'c2hvcnQ=' }] } }));
    expect(warnings.join()).toContain('secret is not of the expected length, got 5, expected one of [16 24 32]');
    expect(await read()).toBe(btoa(clear));
    await change(secretsBy(gcm(['k2', 2], ['k1', 1])));
    const counted = await metrics
      .getSingleMetric('apiserver_encryption_config_controller_automatic_reloads_total')!
      .get();
    expect(counted.values.map(({ labels, value }) => [labels.status, value])).toEqual([
      ['failure', 1],
      ['success', 1],
    ]);
  });

  it("counts what it turns, under upstream's names", async () => {
    await start(secretsBy(gcm(['k1', 1])));
    await create();
    const text = await metrics.metrics();
    const labels = 'resource="secrets",transformation_type="to_storage",transformer_prefix="k8s:enc:aesgcm:v1:"';
    expect(text).toContain(`apiserver_storage_transformation_operations_total{${labels},status="OK"} 1`);
    expect(text).toContain(`apiserver_storage_transformation_duration_seconds_count{${labels}} 1`);
  });

  it('goes by the nearest rule', async () => {
    await start(
      configOf([
        { resources: ['events'], providers: [identity] },
        { resources: ['secrets', 'widgets.example.com'], providers: [gcm(['k1', 1])] },
        { resources: ['*.apps'], providers: [gcm(['k2', 2])] },
        { resources: ['*.*'], providers: [gcm(['k3', 3])] },
      ]),
    );
    const begin = async (key: string) => {
      await encryption.store.put(key, Buffer.from('{}'), 0);
      return (await stored(key)).split(':').slice(0, 5).join(':');
    };
    expect(await begin('/registry/events/default/a')).toBe('{}');
    expect(await begin('/registry/secrets/default/a')).toBe('k8s:enc:aesgcm:v1:k1');
    expect(await begin('/registry/example.com/widgets/default/a')).toBe('k8s:enc:aesgcm:v1:k1');
    expect(await begin('/registry/deployments/default/a')).toBe('k8s:enc:aesgcm:v1:k2');
    expect(await begin('/registry/services/specs/default/a')).toBe('k8s:enc:aesgcm:v1:k3');
    expect(await begin('/registry/masterleases/10.0.0.1')).toBe('{}');
  });
});

describe('what is on disk', () => {
  it('is AES-GCM with the nonce first, the tag last, and the key of the entry bound to it', () => {
    const secret = randomBytes(32);
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(Buffer.from(path));
    const made = Buffer.concat([nonce, cipher.update('text'), cipher.final(), cipher.getAuthTag()]);
    const gcmOf = aesGcm(secret);
    expect(gcmOf.open(made, path).value.toString()).toBe('text');
    expect(() => gcmOf.open(made, `${path}2`)).toThrow('cipher: message authentication failed');
    const sealed = gcmOf.seal(Buffer.from('text'), path);
    const back = createDecipheriv('aes-256-gcm', secret, sealed.subarray(0, 12)).setAAD(Buffer.from(path));
    back.setAuthTag(sealed.subarray(-16));
    expect(Buffer.concat([back.update(sealed.subarray(12, -16)), back.final()]).toString()).toBe('text');
  });

  it("is NaCl's secretbox, the nonce first: its own test vector is read", async () => {
    const key = Buffer.from('1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389', 'hex');
    const nonce = Buffer.from('69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37', 'hex');
    const cipher = Buffer.from(
      'f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5',
      'hex',
    );
    const secretbox = await secretBox(key);
    const { value } = secretbox.open(Buffer.concat([nonce, cipher]), path);
    expect(value.length).toBe(131);
    expect(value.subarray(0, 8).toString('hex')).toBe('be075fc53c81f2d5');
    const broken = Buffer.concat([nonce, cipher]);
    broken[40]! ^= 1;
    expect(() => secretbox.open(broken, path)).toThrow('could not be opened');
  });
});

describe('EncryptionConfiguration', () => {
  const provider = gcm(['k', 1]);
  it.each([
    ['no resources', configOf([]), 'resources: Required value: at least one resources is required'],
    [
      'a resource twice',
      configOf([{ resources: ['secrets', 'secrets'], providers: [provider] }]),
      'resources[0].resources: Invalid value: ["secrets","secrets"]: the same resource cannot be specified multiple times',
    ],
    [
      'overlapping resources',
      configOf([{ resources: ['secrets', '*.'], providers: [provider] }]),
      'resources[0].resources: Invalid value: ["secrets","*."]: using overlapping resources',
    ],
    [
      'a masked rule',
      configOf([
        { resources: ['*.*'], providers: [provider] },
        { resources: ['secrets'], providers: [provider] },
      ]),
      'resource "secrets" is masked by earlier rule "*.*"',
    ],
    ['a star', configOf([{ resources: ['*'], providers: [provider] }]), "use '*.' to encrypt all the resources"],
    [
      'capital letters',
      configOf([{ resources: ['Secrets'], providers: [provider] }]),
      'resource name should not contain capital letters',
    ],
    [
      'two providers in one',
      secretsBy({ ...provider, ...identity }),
      'resources[0].providers[0]: Invalid value: "aesgcm, identity": more than one provider',
    ],
    [
      'no provider in one',
      secretsBy({}),
      'resources[0].providers[0]: Invalid value: {"AESGCM":null,"AESCBC":null,"Secretbox":null,"Identity":null,"KMS":null}: provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity',
    ],
    [
      'empty lists',
      configOf([{ resources: [], providers: [] }]),
      '[resources[0].resources: Required value: at least one resources[0].resources is required, resources[0].providers: Required value: at least one resources[0].providers is required]',
    ],
    [
      'keys that say nothing',
      secretsBy({ aesgcm: { keys: [{}] } }),
      '[resources[0].providers[0].aesgcm.keys[0].name: Required value: name is a mandatory field for a key, resources[0].providers[0].aesgcm.keys[0].secret: Required value: secret is a mandatory field for a key]',
    ],
    [
      'no keys, more than once',
      secretsBy({ aesgcm: { keys: [] } }, { kms: { name: 'k' } }),
      '[resources[0].providers[0].aesgcm.keys: Required value: at least one keys is required, resources[0].providers[1].kms: Invalid value: "kms": plugins for key management are not supported by this server]',
    ],
    [
      'resources that are not kept so',
      configOf([
        { resources: ['serviceipallocations', 'a.extensions', 'events.events.k8s.io', 'a.*'], providers: [provider] },
      ]),
      'resources[0].resources[3]: Invalid value: "a.*": encrypting the same resource across groups is not supported',
    ],
    [
      'a name without a key',
      secretsBy({ secretbox: { keys: [{ name: 'k', secret: keyOf(1, 16) }] } }),
      'resources[0].providers[0].secretbox.keys[0].secret: Invalid value: "REDACTED": secret is not of the expected length, got 16, expected one of [32]',
    ],
    [
      'what is not base64',
      secretsBy({ aescbc: { keys: [{ name: 'k', secret: '%%' }] } }),
      'secrets must be base64 encoded',
    ],
    ['unknown fields', secretsBy({ aescbc: { key: [] } }), 'unknown field "resources[0].providers[0].aescbc.key"'],
  ])('refuses %s, naming the field', (_, text, message) => {
    expect(() => parseEncryptionConfiguration(text)).toThrow(message);
  });
});

it('knows the resource of a key', () => {
  expect(resourceOfKey('/registry/minions/a')).toBe('nodes');
  expect(resourceOfKey('/registry/apiextensions.k8s.io/customresourcedefinitions/a')).toBe(
    'customresourcedefinitions.apiextensions.k8s.io',
  );
  expect(resourceOfKey('/registry/ranges/serviceips')).toBeUndefined();
  expect(resourceOfKey('/other')).toBeUndefined();
});

async function expectEventually(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds().catch(() => false))) await new Promise((resolve) => setImmediate(resolve));
}
