import { describe, expect, it } from '@jest/globals';
import type { VxlanConfig } from '../config/network-config.ts';
import { changesBetween, type Forwarding } from '../host/forwarding.ts';
import type { Link } from '../host/links.ts';
import type { Uplink } from '../host/uplink.ts';
import { parseRange } from '../range.ts';
import type { Peer } from './backend.ts';
import { hostGatewayRoutes } from './host-gw.ts';
import { vxlanForwarding } from './vxlan.ts';
import { deviceChanges, deviceMac, deviceMtu } from './vxlan-device.ts';

const config: VxlanConfig = { type: 'vxlan', vni: 1, port: 8472, directRouting: false, mtu: undefined };
const uplink: Uplink = {
  name: 'eth0',
  mtu: 1500,
  address: '10.99.0.1',
  publicIp: '10.99.0.1',
  onLink: [parseRange('10.99.0.0/24')],
};
const peer = (number: number, publicIp = `10.99.0.${number}`): Peer => ({
  subnet: parseRange(`10.244.${number}.0/24`),
  publicIp,
  attributes: { BackendType: 'vxlan', BackendData: { VNI: 1, VtepMAC: `02:00:00:00:00:0${number}` } },
});
const none: Forwarding = { routes: new Map(), neighbours: new Map(), entries: new Map() };
const leadingTo = (...peers: Peer[]) => vxlanForwarding(config, uplink, peers).wanted;

describe('entries of peers', () => {
  it('come in the order neighbour, forwarding entry, route, so that no packet takes half a way', () => {
    expect(changesBetween(none, leadingTo(peer(2)), 'coracle.1')).toEqual({
      before: ['neigh replace 10.244.2.0 lladdr 02:00:00:00:00:02 dev coracle.1 nud permanent'],
      entries: ['fdb replace 02:00:00:00:00:02 dev coracle.1 dst 10.99.0.2 self permanent'],
      after: ['route replace 10.244.2.0/24 via 10.244.2.0 dev coracle.1 proto 144 onlink'],
    });
  });

  it('go in the opposite order', () => {
    expect(changesBetween(leadingTo(peer(2), peer(3)), leadingTo(peer(3)), 'coracle.1')).toEqual({
      before: ['route del 10.244.2.0/24 via 10.244.2.0 dev coracle.1'],
      entries: ['fdb del 02:00:00:00:00:02 dev coracle.1 dst 10.99.0.2 self'],
      after: ['neigh del 10.244.2.0 dev coracle.1'],
    });
  });

  it('are left alone when they are right', () => {
    const state = leadingTo(peer(2), peer(3));
    expect(changesBetween(state, leadingTo(peer(2), peer(3)), 'coracle.1')).toEqual({
      before: [],
      entries: [],
      after: [],
    });
  });

  it('follow a node that got another address', () => {
    expect(changesBetween(leadingTo(peer(2)), leadingTo(peer(2, '10.99.0.9')), 'coracle.1')).toEqual({
      before: [],
      entries: ['fdb replace 02:00:00:00:00:02 dev coracle.1 dst 10.99.0.9 self permanent'],
      after: [],
    });
  });

  it('are not made for peers nobody can reach', () => {
    const other = { ...peer(2), attributes: { BackendType: 'host-gw' } };
    const number = { ...peer(3), attributes: { BackendType: 'vxlan', BackendData: { VNI: 9, VtepMAC: 'aa' } } };
    const mac = { ...peer(4), attributes: { BackendType: 'vxlan', BackendData: { VtepMAC: 'x' } } };
    const { wanted, unreachable } = vxlanForwarding(config, uplink, [other, number, mac, peer(5)]);
    expect(unreachable.map((each) => each.reason)).toEqual([
      'its backend is "host-gw", not "vxlan"',
      'its VNI is 9, not 1',
      'its VtepMAC is "x"',
    ]);
    expect([...wanted.routes.keys()]).toEqual(['10.244.5.0/24']);
  });

  it('with DirectRouting are routes alone for peers on the link', () => {
    const direct = { ...config, directRouting: true };
    const { wanted } = vxlanForwarding(direct, uplink, [peer(2), peer(3, '192.0.2.3')]);
    expect(wanted.routes).toEqual(
      new Map([
        ['10.244.2.0/24', { via: '10.99.0.2', dev: 'eth0', onlink: false }],
        ['10.244.3.0/24', { via: '10.244.3.0', dev: 'coracle.1', onlink: true }],
      ]),
    );
    expect([...wanted.entries.values()]).toEqual(['192.0.2.3']);
  });

  it('with host-gw are routes by nodes on the link', () => {
    const gateway = (number: number, ip?: string) => ({ ...peer(number, ip), attributes: { BackendType: 'host-gw' } });
    const { routes, unreachable } = hostGatewayRoutes(uplink, [gateway(2), gateway(3, '192.0.2.3'), peer(4)]);
    expect(routes).toEqual(new Map([['10.244.2.0/24', { via: '10.99.0.2', dev: 'eth0', onlink: false }]]));
    expect(unreachable.map((each) => each.reason)).toEqual([
      '192.0.2.3 is not on the link of eth0, as host-gw needs it to be',
      'its backend is "vxlan", not "host-gw"',
    ]);
  });
});

describe('the VXLAN device', () => {
  const mac = deviceMac([], config, uplink);
  const there: Link = {
    name: 'coracle.1',
    up: true,
    mtu: 1450,
    mac,
    addresses: [{ address: '10.244.1.0', length: 32, label: 'coracle.1' }],
    vxlan: { vni: 1, local: '10.99.0.1', link: 'eth0', port: 8472, learning: false },
    isBridge: false,
  };
  const changes = (links: Link[], address: string | undefined = '10.244.1.0') =>
    deviceChanges(links, { config, uplink, mac, address });

  it('is made with everything at once', () => {
    expect(changes([])).toEqual([
      `link add coracle.1 address ${mac} type vxlan id 1 local 10.99.0.1 dev eth0 dstport 8472 nolearning`,
      'link set dev coracle.1 addrgenmode none',
      'link set dev coracle.1 mtu 1450',
      'addr add 10.244.1.0/32 dev coracle.1',
      'link set dev coracle.1 up',
    ]);
  });

  it('is left alone when it is right', () => expect(changes([there])).toEqual([]));

  it('gets another address without being made anew', () => {
    expect(changes([there], '10.244.9.0')).toEqual([
      'addr del 10.244.1.0/32 dev coracle.1',
      'addr add 10.244.9.0/32 dev coracle.1',
    ]);
  });

  for (const [what, other] of [
    ['port', { port: 4789 }],
    ['local address', { local: '10.99.0.9' }],
    ['interface', { link: 'eth1' }],
    ['learning', { learning: true }],
  ] as const) {
    it(`is made anew when it has another ${what}`, () => {
      const [first, second] = changes([{ ...there, vxlan: { ...there.vxlan!, ...other } }]);
      expect(first).toBe('link del dev coracle.1');
      expect(second).toMatch(/^link add coracle\.1 /);
    });
  }

  it('replaces those of other networks, but no device that is not ours', () => {
    const other = { ...there, name: 'coracle.7', vxlan: { ...there.vxlan!, vni: 7 } };
    expect(changes([there, other, { ...other, name: 'flannel.7' }])).toEqual(['link del dev coracle.7']);
  });

  it('has a MAC that stays: its own, or one that follows from the address', () => {
    expect(deviceMac([{ ...there, mac: '02:00:00:00:00:99' }], config, uplink)).toBe('02:00:00:00:00:99');
    expect(deviceMac([], config, uplink)).toBe(mac);
    expect(deviceMac([], config, { ...uplink, publicIp: '10.99.0.2' })).not.toBe(mac);
    expect(Number.parseInt(mac.slice(0, 2), 16) & 3).toBe(2); // locally administered, one receiver
  });

  it('leaves room for what wrapping adds', () => {
    expect(deviceMtu(config, uplink)).toBe(1450);
    expect(deviceMtu({ ...config, mtu: 1400 }, uplink)).toBe(1400);
  });
});
