import { describe, expect, it } from '@jest/globals';
import { formatRange } from '../range.ts';
import { parseNetworkConfig } from './network-config.ts';

const parse = (json: object) => parseNetworkConfig(JSON.stringify(json));
const vxlan = { Backend: { Type: 'vxlan' } };

describe('network configuration', () => {
  it("has flannel's defaults", () => {
    const { network, subnetMin, subnetMax, ...rest } = parse({ Network: '10.244.0.0/16', ...vxlan });
    expect([network, subnetMin, subnetMax].map(formatRange)).toEqual([
      '10.244.0.0/16',
      '10.244.1.0/24',
      '10.244.255.0/24',
    ]);
    expect(rest).toEqual({
      subnetLength: 24,
      backend: { type: 'vxlan', vni: 1, port: 8472, directRouting: false, mtu: undefined },
    });
  });

  it('takes what is given', () => {
    const config = parse({
      Network: '10.0.0.0/8',
      SubnetLen: 20,
      SubnetMin: '10.10.0.0',
      SubnetMax: '10.99.240.0',
      Backend: { Type: 'vxlan', VNI: 7, Port: 4789, DirectRouting: true, MTU: 1400 },
    });
    expect(config.subnetLength).toBe(20);
    expect([config.subnetMin, config.subnetMax].map(formatRange)).toEqual(['10.10.0.0/20', '10.99.240.0/20']);
    expect(config.backend).toEqual({ type: 'vxlan', vni: 7, port: 4789, directRouting: true, mtu: 1400 });
  });

  it('splits a small network into four', () => {
    const config = parse({ Network: '10.5.0.0/24', Backend: { Type: 'host-gw' } });
    expect(config.subnetLength).toBe(26);
    expect([config.subnetMin, config.subnetMax].map(formatRange)).toEqual(['10.5.0.64/26', '10.5.0.192/26']);
    expect(config.backend).toEqual({ type: 'host-gw' });
  });

  it("reads flannel's own example of a cluster", () => {
    const more = { EnableIPv4: true, EnableIPv6: false, EnableNFTables: true };
    expect(parse({ Network: '10.244.0.0/16', ...more, ...vxlan }).subnetLength).toBe(24);
  });

  const Network = '10.244.0.0/16';
  const refused: [string, object][] = [
    ['Network: is required, such as "10.244.0.0/16"', vxlan],
    ['Network: "10.244.0.0" is no IPv4 range such as "10.244.0.0/16"', { Network: '10.244.0.0', ...vxlan }],
    ['Network: must be a string, not 10', { Network: 10, ...vxlan }],
    ['Network: 10.0.0.0/29 is too small, the smallest useful one is a /28', { Network: '10.0.0.0/29', ...vxlan }],
    ['SubnetLen: must be a number from 1 to 30, not 31', { Network, SubnetLen: 31, ...vxlan }],
    ['SubnetLen: must be a number from 1 to 30, not "24"', { Network, SubnetLen: '24', ...vxlan }],
    ['SubnetLen: 17 splits Network 10.244.0.0/16 into fewer than four subnets', { Network, SubnetLen: 17, ...vxlan }],
    ['SubnetMin: 10.245.0.0 is not in Network 10.244.0.0/16', { Network, SubnetMin: '10.245.0.0', ...vxlan }],
    ['SubnetMax: 10.244.9.1 is not the first address of a /24', { Network, SubnetMax: '10.244.9.1', ...vxlan }],
    [
      'SubnetMin: 10.244.9.0 is beyond SubnetMax, 10.244.8.0',
      { Network, SubnetMin: '10.244.9.0', SubnetMax: '10.244.8.0', ...vxlan },
    ],
    ['Subnetlen: is not supported (known: Network, SubnetLen, ', { Network, Subnetlen: 24, ...vxlan }],
    ['EnableIPv6: true is not supported: the pod network is IPv4', { Network, EnableIPv6: true, ...vxlan }],
    [
      'EnableNFTables: false is not supported: masquerading is done by nftables',
      { Network, EnableNFTables: false, ...vxlan },
    ],
    ['Backend.Type: is required: "vxlan" or "host-gw"', { Network }],
    ['Backend: must be an object such as {"Type": "vxlan"}, not "vxlan"', { Network, Backend: 'vxlan' }],
    ['Backend.Type: "udp" is not supported, only "vxlan" and "host-gw"', { Network, Backend: { Type: 'udp' } }],
    ['Backend.GBP: is not supported (known: Type, VNI, ', { Network, Backend: { Type: 'vxlan', GBP: true } }],
    ['Backend.VNI: is not supported (known: Type)', { Network, Backend: { Type: 'host-gw', VNI: 1 } }],
    ['Backend.VNI: must be a number from 1 to 16777215, not 0', { Network, Backend: { Type: 'vxlan', VNI: 0 } }],
    [
      'Backend.Port: must be a number from 1 to 65535, not 65536',
      { Network, Backend: { Type: 'vxlan', Port: 65_536 } },
    ],
    ['Backend.DirectRouting: must be true or false, not 1', { Network, Backend: { Type: 'vxlan', DirectRouting: 1 } }],
    ['Backend.MTU: must be a number from 576 to 65535, not 100', { Network, Backend: { Type: 'vxlan', MTU: 100 } }],
  ];
  for (const [message, json] of refused) {
    it(`is refused: ${message}`, () => {
      expect(() => parse(json)).toThrow(message);
    });
  }

  it('is refused when it is no JSON, or no object', () => {
    expect(() => parseNetworkConfig('Network: 10.0.0.0/8')).toThrow('is no JSON: ');
    expect(() => parseNetworkConfig('[]')).toThrow('must be a JSON object, not []');
  });
});
