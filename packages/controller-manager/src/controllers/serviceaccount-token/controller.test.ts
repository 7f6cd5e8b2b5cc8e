import { secret } from '@coracle/api/core/v1/secret';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
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
