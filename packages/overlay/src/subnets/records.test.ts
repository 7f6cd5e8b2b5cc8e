import type { Node } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { parseRange } from '../range.ts';
import { leaseValue, readLease } from './etcd/lease-record.ts';
import { annotationsOf, peerOf, podRange } from './kubernetes/node-record.ts';

const attributes = { BackendType: 'vxlan', BackendData: { VNI: 1, VtepMAC: '02:00:00:00:00:01' } };
const self = { publicIp: '10.0.0.1', attributes };
const peer = { subnet: parseRange('10.244.3.0/24'), publicIp: '10.0.0.1', attributes };

describe('a lease in etcd', () => {
  const key = '/atomic.io/network/subnets/10.244.3.0-24';

  it('is read as it is written', () => {
    expect(readLease(key, Buffer.from(leaseValue(self)), 7n)).toEqual({ key, peer, lease: 7n });
  });

  it("has flannel's form", () => {
    expect(leaseValue(self)).toBe(
      '{"PublicIP":"10.0.0.1","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"02:00:00:00:00:01"}}',
    );
    expect(leaseValue({ publicIp: '10.0.0.1', attributes: { BackendType: 'host-gw' } })).toBe(
      '{"PublicIP":"10.0.0.1","PublicIPv6":null,"BackendType":"host-gw"}',
    );
  });

  it('is refused, with the reason, when it has another', () => {
    const read = (name: string, value: string) => () => readLease(`/x/subnets/${name}`, Buffer.from(value), 0n);
    expect(read('10.244.3.0', leaseValue(self))).toThrow('"10.244.3.0" is no name of a subnet');
    expect(read('10.244.3.0-24', '{}')).toThrow('it has no PublicIP');
    expect(read('10.244.3.0-24', '{"PublicIP": "node-1"}')).toThrow('"node-1" is no IPv4 address');
    expect(read('10.244.3.0-24', 'null')).toThrow('it has no PublicIP');
  });
});

describe('a Node', () => {
  const node = (spec: Node['spec'], annotations?: Record<string, string>): Node => ({
    metadata: { name: 'n', annotations },
    spec,
  });

  it("is a peer by its podCIDR and flannel's annotations", () => {
    expect(annotationsOf(self)).toEqual({
      'flannel.alpha.coreos.com/backend-type': 'vxlan',
      'flannel.alpha.coreos.com/backend-data': '{"VNI":1,"VtepMAC":"02:00:00:00:00:01"}',
      'flannel.alpha.coreos.com/public-ip': '10.0.0.1',
      'flannel.alpha.coreos.com/kube-subnet-manager': 'true',
    });
    expect(peerOf(node({ podCIDR: '10.244.3.0/24' }, annotationsOf(self)))).toEqual(peer);
    const gateway = { publicIp: '10.0.0.1', attributes: { BackendType: 'host-gw' } };
    expect(peerOf(node({ podCIDR: '10.244.3.0/24' }, annotationsOf(gateway)))?.attributes).toEqual({
      BackendType: 'host-gw',
      BackendData: undefined,
    });
  });

  it('is none while it lacks either', () => {
    expect(peerOf(node({}, annotationsOf(self)))).toBeUndefined();
    expect(peerOf(node({ podCIDR: '10.244.3.0/24' }))).toBeUndefined();
  });

  it('with two families gives its IPv4 range', () => {
    expect(podRange(node({ podCIDR: 'fd00::/64', podCIDRs: ['fd00::/64', '10.244.3.0/24'] }))).toEqual(peer.subnet);
  });
});
