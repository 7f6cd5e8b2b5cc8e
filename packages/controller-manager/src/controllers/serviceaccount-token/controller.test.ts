import { createPublicKey, verify } from 'node:crypto';
import { secret } from '@coracle/api/core/v1/secret';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import { makeServiceAccountKeys } from '@coracle/process/pki';
import { signingKey } from '@coracle/process/token-keys';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type TestCluster, testCluster } from '../../testing/cluster.ts';
import { serviceAccountTokenController } from './controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.close());

const at = (name: string, annotations: Record<string, string> = {}) => ({ name, namespace: 'default', annotations });
const token = (name: string, account: string, uid?: string) =>
  cluster.client.create(secret, {
    metadata: at(name, {
      'kubernetes.io/service-account.name': account,
      ...(uid ? { 'kubernetes.io/service-account.uid': uid } : {}),
    }),
    type: 'kubernetes.io/service-account-token',
  });
const gone = (name: string) =>
  cluster.eventually(
    () => cluster.gone(secret, name),
    (is) => is,
  );

describe('serviceaccount-token-controller', () => {
  it('deletes the token secrets of an account with it, and those of accounts there never were', async () => {
    cluster = await testCluster([serviceAccountTokenController]);
    const { metadata } = await cluster.client.create(serviceAccount, { metadata: at('robot') });
    await token('kept', 'robot', metadata.uid);
    await token('of-another', 'robot', '11111111-2222-3333-4444-555555555555');
    await token('of-nobody', 'nobody');
    await cluster.client.create(secret, { metadata: at('plain', { 'kubernetes.io/service-account.name': 'nobody' }) });
    await gone('of-another');
    await gone('of-nobody');
    expect(await cluster.gone(secret, 'kept')).toBe(false);
    await cluster.client.delete(serviceAccount, 'robot', 'default');
    await gone('kept');
    expect(await cluster.gone(secret, 'plain')).toBe(false);
  });
});

describe('serviceaccount-token-controller with a key', () => {
  it('fills in the Secrets of accounts, what is there and right aside', async () => {
    const { privateKey, publicKey } = await makeServiceAccountKeys('ec-p256');
    cluster = await testCluster([serviceAccountTokenController], { rootCa: 'PEM', tokenKey: signingKey(privateKey) });
    const { metadata } = await cluster.client.create(serviceAccount, { metadata: at('robot') });
    await token('bare', 'robot');
    const filled = await cluster.eventually(
      () => cluster.client.get(secret, 'bare', 'default'),
      (it) => it.data?.['token'] !== undefined,
    );
    expect(filled.metadata.annotations).toEqual({
      'kubernetes.io/service-account.name': 'robot',
      'kubernetes.io/service-account.uid': metadata.uid,
    });
    const said = (key: string) => Buffer.from(filled.data![key]!, 'base64').toString();
    expect([said('ca.crt'), said('namespace')]).toEqual(['PEM', 'default']);
    const [head = '', claims = '', signature = ''] = said('token').split('.');
    const decoded = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect(decoded(head)).toEqual({ alg: 'ES256', kid: expect.any(String) });
    expect(decoded(claims)).toEqual({
      iss: 'kubernetes/serviceaccount',
      'kubernetes.io/serviceaccount/namespace': 'default',
      'kubernetes.io/serviceaccount/secret.name': 'bare',
      'kubernetes.io/serviceaccount/service-account.name': 'robot',
      'kubernetes.io/serviceaccount/service-account.uid': metadata.uid,
      sub: 'system:serviceaccount:default:robot',
    });
    const key = { key: createPublicKey(publicKey), dsaEncoding: 'ieee-p1363' } as const;
    expect(verify('sha256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url'))).toBe(true);
    await cluster.client.patch(secret, 'bare', 'default', { type: 'merge', body: { data: { 'ca.crt': null } } });
    const again = await cluster.eventually(
      () => cluster.client.get(secret, 'bare', 'default'),
      (it) => it.data?.['ca.crt'] !== undefined,
    );
    expect(again.data).toEqual(filled.data);
  });
});
