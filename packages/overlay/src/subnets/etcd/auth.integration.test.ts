import { type SecureEtcd, startSecureEtcd } from '@coracle/apiserver/testing/secure-etcd';
import { EtcdMembers } from '@coracle/etcd';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseNetworkConfig } from '../../config/network-config.ts';
import { formatRange } from '../../range.ts';
import { listPrefix } from './connection.ts';
import { EtcdSubnets } from './subnets.ts';

const prefix = '/atomic.io/network';

let etcd: SecureEtcd;

/** `overlay`, known by its certificate, may read and write below the prefix, and nothing else. */
beforeAll(async () => {
  etcd = await startSecureEtcd();
  await etcd.ctl('put', '/registry/secret', 'x');
  await etcd.ctl('put', `${prefix}/config`, '{"Network": "10.244.0.0/16", "Backend": {"Type": "vxlan"}}');
  await etcd.ctl('role', 'add', 'overlay');
  await etcd.ctl('role', 'grant-permission', 'overlay', 'readwrite', `${prefix}/`, '--prefix');
  await etcd.ctl('user', 'add', 'overlay', '--no-password');
  await etcd.ctl('user', 'grant-role', 'overlay', 'overlay');
});
afterAll(() => etcd.close());

const connectAs = async (user: string): Promise<EtcdMembers> => new EtcdMembers(await etcd.as(user));

describe('with a certificate that etcd knows, and rights below the prefix alone', () => {
  it('a subnet is leased, kept and seen by others, over TLS', async () => {
    const messages: string[] = [];
    const log = (_: object, message: string) => messages.push(message);
    const stop = new AbortController();
    let renewals = 0;
    const subnetsOf = async (ttl: number) => {
      const etcd = await connectAs('overlay');
      const member = etcd.current;
      const renew = member.renewLease.bind(member);
      member.renewLease = (...args) => {
        renewals++;
        return renew(...args);
      };
      return new EtcdSubnets({
        etcd,
        prefix,
        ttl,
        renewMargin: 60_000,
        log: { debug: log, info: log, warn: log, error: log },
      });
    };
    const self = (number: number) => ({ publicIp: `10.0.0.${number}`, attributes: { BackendType: 'host-gw' } });
    const [a, b] = [await subnetsOf(2_000), await subnetsOf(60_000)];
    const config = await a.config(stop.signal);
    expect(config).toEqual(parseNetworkConfig('{"Network": "10.244.0.0/16", "Backend": {"Type": "vxlan"}}'));
    const mine = await a.acquire(config, self(1), undefined, stop.signal);
    const [told, ends] = [new Map<string, string[]>(), [] as Promise<unknown>[]];
    const follow = (name: string, subnets: EtcdSubnets) => {
      const peers = (list: readonly { publicIp: string }[]) =>
        told.set(
          name,
          list.map((each) => each.publicIp),
        );
      ends.push(subnets.follow({ peers, moved: () => messages.push('moved') }, stop.signal).catch((error) => error));
    };
    follow('a', a);
    const other = await b.acquire(config, self(2), mine, stop.signal);
    expect(formatRange(other)).not.toBe(formatRange(mine));
    follow('b', b);
    const end = Date.now() + 20_000;
    // After four renewals a lease of two seconds would have ended without them.
    while (Date.now() < end && !(told.get('a')?.length && told.get('b')?.length && renewals >= 4)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(Object.fromEntries(told)).toEqual({ a: ['10.0.0.2'], b: ['10.0.0.1'] });
    expect(messages).toEqual(['Leased subnet', 'Leased subnet']);
    stop.abort(new Error('end of the test'));
    await Promise.all(ends);
    await a.release('10.0.0.1');
    a.close();
    b.close();
    const client = await connectAs('overlay');
    const { kvs } = await listPrefix(client, `${prefix}/subnets/`);
    client.close();
    expect(kvs.map((kv) => JSON.parse(kv.value.toString()))).toMatchObject([{ PublicIP: '10.0.0.2' }]);
  });

  it('keys elsewhere stay closed', async () => {
    const client = await connectAs('overlay');
    await expect(listPrefix(client, '/registry/secret')).rejects.toThrow('permission denied');
    client.close();
  });
});
