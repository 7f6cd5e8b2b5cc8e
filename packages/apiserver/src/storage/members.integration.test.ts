import { EtcdClient } from '@coracle/etcd';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Counters, startCounters } from '../testing/counters.ts';
import { startEtcdCluster, type TestEtcdCluster, type TestMember } from '../testing/etcd-cluster.ts';
import { startApiServer, type TestServer } from '../testing.ts';
import { EtcdStore } from './etcd-store.ts';

let etcd: TestEtcdCluster;
let stores: EtcdStore[];
let servers: TestServer[];
let load: Counters;

beforeEach(async () => {
  etcd = await startEtcdCluster();
  // Each server prefers another member, as those of a control plane do.
  stores = etcd.urls.map((_, i) => new EtcdStore({ servers: [...etcd.urls.slice(i), ...etcd.urls.slice(0, i)] }));
  servers = [];
  for (const [i, store] of stores.entries()) servers.push(await startApiServer({ store, namespaces: i === 0 }));
  load = await startCounters(servers.map(({ client }) => client));
  await load.goOn();
});
afterEach(async () => {
  for (const server of servers) await server.close();
  for (const store of stores) await store.close();
  await etcd.close();
});

async function kill(member: TestMember): Promise<void> {
  await member.stop('SIGKILL');
  await load.goOn();
  member.start();
  await etcd.healthy();
  await load.goOn();
}

describe('API servers on an etcd of three members', () => {
  it('lose no write and no event when each member is killed in turn', async () => {
    for (const member of etcd.members) await kill(member);
    await load.finish();
  }, 180_000);

  it('lose no write and no event when the leader is killed', async () => {
    await kill(await etcd.leader());
    await load.finish();
  }, 180_000);

  it.each(['the leader', 'a follower'])(
    'go on while %s hangs, and when it goes on',
    async (which) => {
      const leader = await etcd.leader();
      const member = which === 'the leader' ? leader : etcd.members.find((each) => each !== leader)!;
      member.pause();
      await load.goOn(40);
      for (const store of stores) await store.revision();
      member.resume();
      await etcd.healthy();
      await load.goOn();
      await load.finish();
    },
    180_000,
  );

  it('say so when the members that are left cannot decide, and go on when they can', async () => {
    const [one, two] = etcd.members as [TestMember, TestMember];
    one.pause();
    two.pause();
    const impatient = new EtcdStore({ servers: etcd.urls, timeout: 2_000 });
    await expect(impatient.revision()).rejects.toMatchObject({ name: 'StoreUnavailableError', timedOut: true });
    await impatient.close();
    one.resume();
    two.resume();
    await load.goOn();
    await load.finish();
  }, 180_000);

  it('do not wait at a member that has lost its leader', async () => {
    const [one, ...others] = etcd.members;
    const member = new EtcdClient({ url: one!.url });
    const { promise: created, resolve: answer } = Promise.withResolvers<unknown>();
    const { promise: end, resolve: ended } = Promise.withResolvers<Error | undefined>();
    member.watch({ key: Buffer.from('x'), startRevision: 0 }, { answer, ended });
    await created;
    for (const other of others) other.pause();
    expect((await end)?.message).toContain('no leader');
    for (const other of others) other.resume();
    member.close();
    await load.finish();
  }, 180_000);
});
