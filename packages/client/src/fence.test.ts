import { configMap } from '@coracle/api/core/v1/configmap';
import { startApiServer, type TestServer } from '@coracle/apiserver/testing';
import { type SecureServer, startSecureServer } from '@coracle/apiserver/testing/secure-server';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type Client, connect } from './client.ts';
import { Fence, LeaderElectionLost } from './fence.ts';

let plain: TestServer | undefined;
let secure: SecureServer | undefined;
afterEach(async () => {
  await plain?.close();
  await secure?.close();
  plain = undefined;
  secure = undefined;
});

describe('a fence', () => {
  it('is shut until its process leads, and again when leadership is no longer certain', () => {
    let now = 0;
    const fence = new Fence(() => now);
    const losses: Error[] = [];
    expect(() => fence.check()).toThrow(LeaderElectionLost);
    fence.lead(100, (error) => losses.push(error));
    now = 99;
    fence.check();
    expect(losses).toEqual([]);
    now = 100;
    expect(() => fence.check()).toThrow('leaderelection lost');
    expect(losses).toHaveLength(1);
    fence.lead(200, (error) => losses.push(error));
    fence.check();
    fence.close();
    expect(() => fence.check()).toThrow(LeaderElectionLost);
  });

  it('stays open where there is no election', () => {
    const fence = new Fence(() => Number.POSITIVE_INFINITY);
    fence.open();
    fence.check();
  });
});

describe.each(['HTTP/1.1', 'HTTP/2'])('a client with a fence, over %s', (protocol) => {
  async function fenced(beforeWrite: () => void): Promise<Client> {
    if (protocol === 'HTTP/1.1') {
      plain = await startApiServer();
      return connect({ ...plain.config, beforeWrite });
    }
    secure = await startSecureServer();
    return connect({ ...(await secure.configOf('admin', 'system:masters')), beforeWrite });
  }

  it('reads, and writes nothing while it is shut', async () => {
    const fence = new Fence();
    const client = await fenced(() => fence.check());
    const object = { metadata: { name: 'a', namespace: 'default' } };
    const refused = { name: 'LeaderElectionLost' };
    await expect(client.create(configMap, object)).rejects.toMatchObject(refused);
    expect((await client.list(configMap, { namespace: 'default' })).items).toEqual([]);
    fence.open();
    await client.with({ userAgent: 'other' }).create(configMap, object);
    expect((await client.list(configMap, { namespace: 'default' })).items).toHaveLength(1);
    client.close();
  });

  it('asks it when the connection stands, not when the request is made', async () => {
    const turns: boolean[] = [];
    let made = false;
    const client = await fenced(() => void turns.push(made));
    const creating = client.create(configMap, { metadata: { name: 'a', namespace: 'default' } });
    await new Promise((resolve) => process.nextTick(resolve));
    made = true; // the first connection stands later than this
    await creating;
    expect(turns).toEqual([true]);
    client.close();
  });

  it('asks it again when a write was waiting for its turn', async () => {
    const late = new Fence();
    const open = await fenced(() => late.check());
    const client = connect({ ...open.config, qps: 0.5, burst: 1 });
    late.lead(performance.now() + 60_000, () => undefined);
    const writes = ['a', 'b', 'c'].map((name) =>
      client.create(configMap, { metadata: { name, namespace: 'default' } }),
    );
    const results = Promise.allSettled(writes);
    await writes[0];
    late.close();
    expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect((await client.list(configMap, { namespace: 'default' })).items).toHaveLength(1);
    client.close();
    open.close();
  });
});
