import { createServer, type Server, type Socket } from 'node:net';
import { startEtcd, type TestEtcd } from '@coracle/apiserver/testing/etcd';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EtcdClient } from './client.ts';
import { EtcdMembers } from './members.ts';
import type { WatchResponse } from './messages.ts';

let etcd: TestEtcd;
let client: EtcdClient;
beforeAll(async () => {
  etcd = await startEtcd();
  client = new EtcdClient({ url: etcd.url });
});
afterAll(async () => {
  client.close();
  await etcd.close();
});

const put = (key: string, value: string, lease?: bigint) => ({
  put: { key: Buffer.from(key), value: Buffer.from(value), ...(lease === undefined ? {} : { lease }) },
});
const write = (key: string, value: string, lease?: bigint) =>
  client.txn({ compare: [], success: [put(key, value, lease)] });
const range = (prefix: string) => ({ key: Buffer.from(prefix), rangeEnd: Buffer.from(`${prefix}~`) });

describe('transactions and ranges', () => {
  it('write what is as it was seen, and answer with what is there otherwise', async () => {
    const key = Buffer.from('txn/a');
    const once = {
      compare: [{ key, modRevision: 0 }],
      success: [put('txn/a', 'first')],
      failure: [{ range: { key } }],
    };
    const { succeeded, revision } = await client.txn(once);
    expect(succeeded).toBe(true);
    const again = await client.txn(once);
    expect(again).toMatchObject({ succeeded: false, ranges: [{ count: 1 }] });
    expect(again.ranges[0]!.kvs[0]).toEqual({
      key,
      value: Buffer.from('first'),
      createRevision: revision,
      modRevision: revision,
      lease: 0n,
    });
    const removed = await client.txn({
      compare: [{ key, modRevision: revision }],
      success: [{ deleteRange: { key } }],
    });
    expect(removed).toMatchObject({ succeeded: true, ranges: [undefined] });
    expect(await client.range({ key })).toMatchObject({ kvs: [], count: 0, revision: removed.revision });
  });

  it('have limits, counts and revisions', async () => {
    for (const it of ['a', 'b', 'c']) await write(`pages/${it}`, it);
    const { revision } = await write('pages/a', 'changed');
    const values = async (more: object) =>
      (await client.range({ ...range('pages/'), ...more })).kvs.map((kv) => kv.value.toString());
    expect(await values({})).toEqual(['changed', 'b', 'c']);
    expect(await values({ revision: revision - 1, limit: 2 })).toEqual(['a', 'b']);
    expect(await client.range({ ...range('pages/'), countOnly: true })).toMatchObject({ kvs: [], count: 3 });
    await client.compact(revision);
    await expect(values({ revision: revision - 1 })).rejects.toThrow(
      'OUT_OF_RANGE: etcdserver: mvcc: required revision has been compacted',
    );
  });

  it('carry values of a megabyte, and many at once', async () => {
    const value = 'x'.repeat(1 << 20);
    await Promise.all(Array.from({ length: 24 }, (_, i) => write(`large/${i}`, value)));
    const { kvs } = await client.range(range('large/'));
    expect(kvs.map((kv) => kv.value.length)).toEqual(Array.from({ length: 24 }, () => 1 << 20));
  });
});

describe('a watch', () => {
  it('tells of changes from a revision on, in order, until it is cancelled', async () => {
    const { revision } = await write('watched/a', '1');
    await write('watched/b', '2');
    const seen: string[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const watch = client.watch(
      { ...range('watched/'), startRevision: revision },
      {
        answer({ events }: WatchResponse) {
          seen.push(...events.map(({ type, kv }) => `${type} ${kv.key} ${kv.value}`));
          if (seen.length >= 3) resolve();
        },
        ended: reject,
      },
    );
    await client.txn({ compare: [], success: [{ deleteRange: { key: Buffer.from('watched/a') } }] });
    await promise;
    watch.cancel();
    expect(seen).toEqual(['put watched/a 1', 'put watched/b 2', 'delete watched/a ']);
  });

  it('of what was compacted says so', async () => {
    const { revision } = await write('compacted', '1');
    await client.compact(revision);
    const answer = await new Promise<WatchResponse>((resolve, reject) => {
      const told = { answer: (it: WatchResponse) => it.canceled && resolve(it), ended: reject };
      client.watch({ key: Buffer.from('compacted'), startRevision: 1 }, told);
    });
    expect(answer).toMatchObject({ canceled: true, compactRevision: revision });
  });
});

describe('a lease', () => {
  it('is renewed while it is there, and takes its keys with it', async () => {
    const { id } = await client.grantLease(600);
    await write('leased', 'x', id);
    expect((await client.range({ key: Buffer.from('leased') })).kvs[0]!.lease).toBe(id);
    expect(await client.renewLease(id)).toEqual({ renewed: true });
    await client.revokeLease(id);
    expect(await client.renewLease(id)).toEqual({ renewed: false });
    expect((await client.range({ key: Buffer.from('leased') })).count).toBe(0);
    await expect(client.revokeLease(id)).rejects.toThrow('NOT_FOUND: etcdserver: requested lease not found');
  });
});

describe('a member that does not answer', () => {
  const key = Buffer.from('x');

  /** Something that takes connections and does with them what a test says. */
  async function listener(taken: (socket: Socket) => void): Promise<{ url: string; server: Server }> {
    const server = createServer(taken);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    return { url: `http://127.0.0.1:${port}`, server };
  }

  it('because nobody listens was sent nothing', async () => {
    const { url, server } = await listener(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    const nobody = new EtcdClient({ url });
    await expect(nobody.range({ key })).rejects.toMatchObject({
      name: 'EtcdError',
      message: expect.stringMatching(/^UNAVAILABLE: connect ECONNREFUSED/),
      unsent: true,
      isUnavailable: true,
    });
    nobody.close();
  });

  it('and breaks the connection may have carried the call out', async () => {
    const { url, server } = await listener((socket) => {
      socket.write(Buffer.from('000000040000000000', 'hex')); // its settings, so that the connection stands
      socket.on('data', (part) => part.includes('etcdserverpb') && socket.destroy());
      socket.on('error', () => undefined);
      setTimeout(() => socket.destroy(), 500);
    });
    const broken = new EtcdClient({ url });
    await expect(broken.range({ key })).rejects.toMatchObject({ unsent: false, isUnavailable: true });
    broken.close();
    server.close();
  });

  it('in time is given up', async () => {
    const sockets: Socket[] = [];
    const { url, server } = await listener((socket) => {
      sockets.push(socket);
      socket.write(Buffer.from('000000040000000000', 'hex'));
      socket.resume();
    });
    const silent = new EtcdClient({ url, timeout: 200 });
    await expect(silent.range({ key })).rejects.toMatchObject({
      message: expect.stringContaining('DEADLINE_EXCEEDED'),
      timedOut: true,
    });
    await expect(silent.renewLease(7n)).rejects.toMatchObject({ timedOut: true });
    silent.close();
    for (const it of sockets) it.destroy();
    server.close();
  });

  it('leaves the size of its database unknown', async () => {
    const { url, server } = await listener(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    const members = new EtcdMembers({ servers: [url, etcd.url] });
    expect(await members.databaseSizes()).toEqual([undefined, expect.any(Number)]);
    expect((await members.databaseSizes())[1]).toBeGreaterThan(4096);
    members.close();
  });

  it('is passed over for one that does', async () => {
    const { url, server } = await listener(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    const members = new EtcdMembers({ servers: [url, etcd.url] });
    const lost: string[] = [];
    const answer = await members.call(
      (member, limit) => member.range({ key }, limit),
      () => lost.push('lost'),
    );
    expect(answer.revision).toBeGreaterThan(0);
    expect(lost).toEqual([]);
    members.close();
  });
});
