import { configMap } from '@coracle/api/core/v1/configmap';
import { namespace } from '@coracle/api/core/v1/namespace';
import { pod } from '@coracle/api/core/v1/pod';
import { secret } from '@coracle/api/core/v1/secret';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import { dayOf, invalidSinceLabel, lastUsedLabel, legacyTokenTracking } from '@coracle/api/legacy-tokens/tracking';
import { isAlreadyExists } from '@coracle/api/meta/status';
import type { Client } from '@coracle/client';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defineController, observed, type Scope } from '../../controller.ts';
import { type TestCluster, testCluster } from '../../testing/cluster.ts';
import { clean, legacyTokenCleaner } from './controller.ts';

const day = 24 * 60 * 60_000;
const type = 'kubernetes.io/service-account-token';

describe('legacy-serviceaccount-token-cleaner-controller', () => {
  let cluster: TestCluster;
  let scope: Scope;
  afterEach(() => cluster.close());

  /** Has caches as the controller does; the rounds are the test's. */
  const caches = defineController({
    name: 'caches',
    watches: [observed(secret), observed(serviceAccount), observed(pod)],
    async run(given) {
      scope = given;
    },
    async reconcile() {},
  });

  const { name: tracking, namespace: system } = legacyTokenTracking;

  const trackedSince = async (client: Client, since: string) => {
    const unlessThere = (error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
    };
    await client.create(namespace, { metadata: { name: system }, spec: {} }).catch(unlessThere);
    await client.create(configMap, { metadata: { name: tracking, namespace: system } }).catch(unlessThere);
    await client.patch(configMap, tracking, system, { type: 'merge', body: { data: { since } } });
  };

  /** A token Secret of the account `robot`, which names all but those `asked` for by somebody. */
  const token = async (name: string, labels: Record<string, string> = {}, { asked = false, uid = '' } = {}) => {
    const annotations = {
      'kubernetes.io/service-account.name': 'robot',
      ...(uid ? { 'kubernetes.io/service-account.uid': uid } : {}),
    };
    await cluster.client.create(secret, { metadata: { name, namespace: 'default', labels, annotations }, type });
    if (asked) return;
    await cluster.change(serviceAccount, 'robot', (it) => {
      it.secrets = [...(it.secrets ?? []), { name }];
    });
  };

  /** What has become of the token Secrets, once the caches have all that was written before. */
  const round = async (at: number) => {
    const { metadata } = await cluster.client.create(secret, {
      metadata: { generateName: 'mark-', namespace: 'default' },
      type: 'Opaque',
    });
    await cluster.client.create(pod, {
      metadata: { name: metadata.name!, namespace: 'default' },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    });
    await cluster.change(serviceAccount, 'robot', (it) => {
      it.metadata.annotations = { mark: metadata.name! };
    });
    await cluster.eventually(
      async () =>
        scope.listers.get(secret, `default/${metadata.name}`) !== undefined &&
        scope.listers.get(pod, `default/${metadata.name}`) !== undefined &&
        scope.listers.get(serviceAccount, 'default/robot')?.metadata.annotations?.['mark'] === metadata.name,
      (is) => is,
    );
    await clean(scope, at);
    const tokens = (await cluster.list(secret)).filter((each) => each.type === type);
    return Object.fromEntries(
      tokens.map((each) => [each.metadata.name!, each.metadata.labels?.[invalidSinceLabel] ?? 'good']),
    );
  };

  describe('once use was followed for long enough', () => {
    const at = Date.now() + 400 * day;
    const today = dayOf(at);
    beforeEach(async () => {
      cluster = await testCluster([caches], { legacyTokenCleanUpPeriod: 365 * day });
      await cluster.client.create(serviceAccount, { metadata: { name: 'robot', namespace: 'default' } });
      await trackedSince(cluster.client, dayOf(Date.now()));
    });

    it('marks tokens nobody used, unless somebody asked for them, or a pod has them, or it cannot be told', async () => {
      await token('never');
      await token('long-ago', { [lastUsedLabel]: dayOf(at - 366 * day) });
      await token('in-time', { [lastUsedLabel]: dayOf(at - 365 * day) });
      await token('some-day', { [lastUsedLabel]: '2023-02-30' });
      await token('asked-for', {}, { asked: true });
      await token('of-another', {}, { uid: '11111111-2222-3333-4444-555555555555' });
      await token('mounted');
      await token('for-images');
      await cluster.client.create(pod, {
        metadata: { name: 'web', namespace: 'default' },
        spec: {
          containers: [{ name: 'c', image: 'i' }],
          volumes: [{ name: 'v', projected: { sources: [{ secret: { name: 'mounted' } }] } }],
          imagePullSecrets: [{ name: 'for-images' }],
        },
      });
      expect(await round(at)).toEqual({
        never: today,
        'long-ago': today,
        'in-time': 'good',
        'some-day': 'good',
        'asked-for': 'good',
        'of-another': 'good',
        mounted: 'good',
        'for-images': 'good',
      });
    });

    it('deletes those that were marked as long ago again, and marks anew where the mark says nothing', async () => {
      await token('gone', { [invalidSinceLabel]: dayOf(at - 366 * day) });
      await token('later', { [invalidSinceLabel]: dayOf(at - 365 * day) });
      await token('again', { [invalidSinceLabel]: 'soon' });
      await token('used', { [invalidSinceLabel]: dayOf(at - 366 * day), [lastUsedLabel]: dayOf(at - day) });
      expect(await round(at)).toEqual({
        later: dayOf(at - 365 * day),
        again: today,
        used: dayOf(at - 366 * day),
      });
    });

    it('leaves new tokens alone', async () => {
      await token('new');
      await trackedSince(cluster.client, dayOf(Date.now() - 800 * day));
      expect(await round(Date.now() + 364 * day)).toEqual({ new: 'good' });
      expect(await round(Date.now() + 366 * day)).toEqual({ new: dayOf(Date.now() + 366 * day) });
    });

    it('does nothing before use was followed for a whole period, from the day after it began', async () => {
      await token('never');
      await trackedSince(cluster.client, dayOf(at - 365 * day));
      expect(await round(at)).toEqual({ never: 'good' });
      await trackedSince(cluster.client, dayOf(at - 366 * day));
      expect(await round(at)).toEqual({ never: today });
    });

    it('does nothing where it is not said since when', async () => {
      await token('never');
      await trackedSince(cluster.client, 'yesterday');
      await expect(round(at)).rejects.toThrow('does not say since when');
    });
  });

  it('begins with a round', async () => {
    const annotations = { 'kubernetes.io/service-account.name': 'robot' };
    cluster = await testCluster([legacyTokenCleaner], { legacyTokenCleanUpPeriod: 1 }, async (client) => {
      await trackedSince(client, '2020-01-01');
      await client.create(serviceAccount, {
        metadata: { name: 'robot', namespace: 'default' },
        secrets: [{ name: 'old' }],
      });
      await client.create(secret, { metadata: { name: 'old', namespace: 'default', annotations }, type });
    });
    await cluster.eventually(
      () => cluster.get(secret, 'old'),
      ({ metadata }) => metadata.labels?.[invalidSinceLabel] !== undefined,
    );
  });
});
