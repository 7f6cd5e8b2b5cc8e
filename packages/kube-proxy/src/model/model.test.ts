import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { makeService, makeSlice } from '../testing/objects.ts';
import { chooseEndpoints } from './choose-endpoints.ts';
import { contains, withoutOverlaps } from './cidr.ts';
import type { Endpoint } from './endpoints.ts';
import { endpointsByPort } from './endpoints.ts';
import { ipv4, ipv6 } from './family.ts';
import { localTraffic } from './local-traffic.ts';
import type { ServicePort } from './service-port.ts';
import { servicePorts } from './service-port.ts';

const http = { name: 'http', port: 80, protocol: 'TCP' };

describe('the ports of a Service', () => {
  it.each<[string, Parameters<typeof makeService>[1]]>([
    ['headless', { clusterIP: 'None', ports: [http] }],
    ['ExternalName', { type: 'ExternalName', externalName: 'example.com' }],
    ['not given an address yet', { ports: [http] }],
    ['of the other family only', { clusterIP: 'fd00::1', clusterIPs: ['fd00::1'], ports: [http] }],
  ])('are none when it is %s', (_, spec) => expect(servicePorts(makeService('s', spec), ipv4)).toEqual([]));

  it('have the addresses of the family asked for', () => {
    const service = makeService(
      's',
      {
        type: 'LoadBalancer',
        clusterIP: '10.0.0.1',
        clusterIPs: ['10.0.0.1', 'fd00::1'],
        externalIPs: ['1.2.3.4', 'fd09::4'],
        loadBalancerSourceRanges: ['10.0.0.0/8', ' fd00::/8'],
        externalTrafficPolicy: 'Local',
        healthCheckNodePort: 31000,
        ports: [{ ...http, nodePort: 30080 }],
      },
      { loadBalancer: { ingress: [{ ip: '5.6.7.8' }, { ip: '9.9.9.9', ipMode: 'Proxy' }, { hostname: 'x' }] } },
    );
    expect(servicePorts(service, ipv4)).toEqual([
      {
        namespace: 'default',
        name: 's',
        portName: 'http',
        protocol: 'tcp',
        clusterIP: '10.0.0.1',
        port: 80,
        nodePort: 30080,
        externalIPs: ['1.2.3.4'],
        loadBalancerIPs: ['5.6.7.8'],
        sourceRanges: ['10.0.0.0/8'],
        affinitySeconds: 0,
        externalLocal: true,
        internalLocal: false,
        healthCheckNodePort: 31000,
      },
    ]);
    const [six] = servicePorts(service, ipv6);
    expect(six).toMatchObject({
      clusterIP: 'fd00::1',
      externalIPs: ['fd09::4'],
      loadBalancerIPs: [],
      sourceRanges: ['fd00::/8'],
    });
  });

  it('ignore the external policy of a Service that is internal only', () => {
    const service = makeService('s', {
      clusterIP: '10.0.0.1',
      externalTrafficPolicy: 'Local',
      ports: [{ ...http, nodePort: 1 }],
    });
    expect(servicePorts(service, ipv4)[0]).toMatchObject({ externalLocal: false, nodePort: 0 });
  });

  it.each([
    [undefined, 10_800],
    [{ clientIP: { timeoutSeconds: 60 } }, 60],
  ])('keep clients for %j', (sessionAffinityConfig, seconds) => {
    const spec = { clusterIP: '10.0.0.1', sessionAffinity: 'ClientIP', sessionAffinityConfig, ports: [http] };
    expect(servicePorts(makeService('s', spec), ipv4)[0]!.affinitySeconds).toBe(seconds);
  });
});

describe('endpoints', () => {
  it('are joined over slices, each once, by port', () => {
    const slices = [
      makeSlice('s', ['10.0.0.2', { addresses: ['10.0.0.1'], conditions: { ready: false } }]),
      makeSlice('s', ['10.0.0.1', { addresses: ['10.0.0.3'], nodeName: 'here' }]),
      makeSlice('s', ['10.0.0.9'], { name: 'dns', port: 53, protocol: 'UDP' }),
      makeSlice('s', ['fd00::1']),
    ];
    const found = endpointsByPort(slices, ipv4, 'here');
    expect([...found.keys()]).toEqual(['tcp/http', 'udp/dns']);
    expect(found.get('tcp/http')!.map(({ ip, ready, local }) => ({ ip, ready, local }))).toEqual([
      { ip: '10.0.0.1', ready: true, local: false },
      { ip: '10.0.0.2', ready: true, local: false },
      { ip: '10.0.0.3', ready: true, local: true },
    ]);
  });

  it('are ready, and serve, unless the slice says otherwise', () => {
    const [first, second] = endpointsByPort(
      [
        makeSlice('s', [
          '10.0.0.1',
          { addresses: ['10.0.0.2'], conditions: { ready: false, serving: true, terminating: true } },
        ]),
      ],
      ipv4,
      '',
    ).get('tcp/http')!;
    expect(first).toMatchObject({ ready: true, serving: true, terminating: false });
    expect(second).toMatchObject({ ready: false, serving: true, terminating: true });
  });
});

describe('the choice of endpoints', () => {
  const endpoint = (ip: string, more: Partial<Endpoint> = {}): Endpoint => ({
    ip,
    port: 80,
    ready: true,
    serving: true,
    terminating: false,
    local: false,
    zones: undefined,
    nodes: undefined,
    ...more,
  });
  const leaving = { ready: false, serving: true, terminating: true };
  const local = { local: true };
  const zone = (name: string) => ({ zones: new Set([name]) });
  const policy = (more: Partial<ServicePort> = {}) =>
    ({ internalLocal: false, externalLocal: false, ...more }) as ServicePort;
  const ips = (list: readonly Endpoint[]) => list.map((each) => each.ip);

  it.each<[string, Partial<ServicePort>, Endpoint[], { cluster: string[]; local: string[]; any: boolean }]>([
    ['ready ones', {}, [endpoint('a'), endpoint('b', leaving)], { cluster: ['a'], local: [], any: true }],
    [
      'leaving ones when none is ready',
      {},
      [endpoint('a', { ready: false, serving: false }), endpoint('b', leaving)],
      { cluster: ['b'], local: [], any: true },
    ],
    ['none', {}, [endpoint('a', { ready: false, serving: false })], { cluster: [], local: [], any: false }],
    [
      'those of the node under a Local policy',
      { internalLocal: true },
      [endpoint('a'), endpoint('b', local)],
      { cluster: ['a', 'b'], local: ['b'], any: true },
    ],
    [
      'leaving ones of the node under a Local policy',
      { externalLocal: true },
      [endpoint('a'), endpoint('b', { ...local, ...leaving })],
      { cluster: ['a'], local: ['b'], any: true },
    ],
    [
      'none of the node, but there are some',
      { externalLocal: true },
      [endpoint('a')],
      { cluster: ['a'], local: [], any: true },
    ],
    [
      'those of the zone',
      {},
      [endpoint('a', zone('z1')), endpoint('b', zone('z2'))],
      { cluster: ['a'], local: [], any: true },
    ],
    [
      'all when one has no hint',
      {},
      [endpoint('a', zone('z1')), endpoint('b')],
      { cluster: ['a', 'b'], local: [], any: true },
    ],
    [
      'all when none is for the zone',
      {},
      [endpoint('a', zone('z3')), endpoint('b', zone('z2'))],
      { cluster: ['a', 'b'], local: [], any: true },
    ],
    [
      'those for the node before those for the zone',
      {},
      [
        endpoint('a', { ...zone('z1'), nodes: new Set(['other']) }),
        endpoint('b', { ...zone('z1'), nodes: new Set(['here']) }),
      ],
      { cluster: ['b'], local: [], any: true },
    ],
  ])('%s', (_, port, endpoints, expected) => {
    const chosen = chooseEndpoints(policy(port), endpoints, { nodeName: 'here', zone: 'z1' });
    expect({ cluster: ips(chosen.cluster), local: ips(chosen.local), any: chosen.any }).toEqual(expected);
  });
});

describe('CIDRs', () => {
  it.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['192.168.1.1', '192.168.1.1', true],
    ['fd00::/8', 'fd12:3456::1', true],
    ['fd00::/8', 'fe80::1', false],
    ['::ffff:10.0.0.0/104', '::ffff:10.1.2.3', true],
    ['10.0.0.0/8', 'fd00::1', false],
  ])('%s contains %s: %s', (cidr, address, expected) => expect(contains(cidr, address)).toBe(expected));

  it('without overlaps cover the same addresses, each by one', () => {
    const octet = fc.integer({ min: 0, max: 3 });
    const cidr = fc
      .tuple(octet, octet, fc.integer({ min: 0, max: 32 }))
      .map(([a, b, length]) => `${a}.${b}.0.0/${length}`);
    fc.assert(
      fc.property(fc.array(cidr, { maxLength: 8 }), octet, octet, (cidrs, a, b) => {
        const address = `${a}.${b}.0.0`;
        const kept = withoutOverlaps(cidrs).filter((each) => contains(each, address));
        expect(kept).toHaveLength(cidrs.some((each) => contains(each, address)) ? 1 : 0);
      }),
    );
  });
});

describe('telling pods from others', () => {
  const detect = {
    clusterCIDRs: ['10.244.0.0/16', 'fd00:1::/64'],
    nodeCIDRs: ['10.244.1.0/24'],
    bridgeInterface: 'cni0',
    interfaceNamePrefix: 'veth',
  };
  it.each([
    ['ClusterCIDR', ipv4, 'ip saddr 10.244.0.0/16'],
    ['ClusterCIDR', ipv6, 'ip6 saddr fd00:1::/64'],
    ['NodeCIDR', ipv4, 'ip saddr 10.244.1.0/24'],
    ['NodeCIDR', ipv6, undefined],
    ['BridgeInterface', ipv4, 'iifname "cni0"'],
    ['InterfaceNamePrefix', ipv4, 'iifname "veth*"'],
  ] as const)('%s of %j', (mode, family, expected) => {
    expect(localTraffic({ mode, ...detect }, family)?.isPod).toBe(expected);
  });
});
