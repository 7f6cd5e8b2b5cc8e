import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ipv4, ipv6 } from '../model/family.ts';
import { ServiceModel } from '../service-model.ts';
import { makeService, makeSlice } from '../testing/objects.ts';
import { staleUdp } from './stale-udp.ts';
import { setConntrack } from './sysctl.ts';

describe('stale UDP entries', () => {
  const dns = { name: 'dns', port: 53, protocol: 'UDP', nodePort: 30053 };
  const portsOf = (family: typeof ipv4, clusterIP: string, ...ips: string[]) => {
    const context = { family, masqueradeAll: false, localTraffic: undefined, nodeIPs: [] };
    const model = new ServiceModel(family, context, { nodeName: '', zone: '' });
    const service = makeService('dns', { type: 'NodePort', clusterIP, ports: [dns] });
    return model.update([service], () => [makeSlice('dns', ips, { name: 'dns', port: 5353, protocol: 'UDP' })]);
  };
  const ip = '10.96.0.10';

  it('are those to endpoints that are gone', () => {
    const before = portsOf(ipv4, ip, '10.0.0.1', '10.0.0.2');
    expect(staleUdp(before, portsOf(ipv4, ip, '10.0.0.2'), ipv4)).toEqual([
      ['-p', 'udp', '--orig-dst', ip, '--orig-port-dst', '53', '--dst-nat', '10.0.0.1'],
      ['-p', 'udp', '--orig-port-dst', '30053', '--dst-nat', '10.0.0.1'],
    ]);
    expect(staleUdp(before, [], ipv4)).toHaveLength(4);
  });

  it('are all of a Service that got its first endpoint', () => {
    const all = [
      ['-p', 'udp', '--orig-dst', ip, '--orig-port-dst', '53'],
      ['-p', 'udp', '--orig-port-dst', '30053'],
    ];
    expect(staleUdp(portsOf(ipv4, ip), portsOf(ipv4, ip, '10.0.0.1'), ipv4)).toEqual(all);
    expect(staleUdp([], portsOf(ipv4, ip, '10.0.0.1'), ipv4)).toEqual(all);
  });

  it('are none when an endpoint is added', () => {
    expect(staleUdp(portsOf(ipv4, ip, '10.0.0.1'), portsOf(ipv4, ip, '10.0.0.1', '10.0.0.2'), ipv4)).toEqual([]);
  });

  it('are of the family', () => {
    const [first] = staleUdp(portsOf(ipv6, 'fd00::10', 'fd00::1'), portsOf(ipv6, 'fd00::10'), ipv6);
    expect(first!.slice(0, 2)).toEqual(['-f', 'ipv6']);
  });
});

describe('the settings of connection tracking', () => {
  let root: string;
  const folder = () => join(root, 'net/netfilter');
  const value = (name: string) => readFileSync(join(folder(), name), 'utf8');
  const nothing = {
    maxPerCore: 0,
    min: 0,
    tcpEstablishedTimeout: 0,
    tcpCloseWaitTimeout: 0,
    udpTimeout: 0,
    udpStreamTimeout: 0,
    tcpBeLiberal: false,
  };
  const set = (changes: Partial<typeof nothing>) => {
    const refused: string[] = [];
    setConntrack({ ...nothing, ...changes }, (sysctl) => refused.push(sysctl), { root, cores: 4 });
    return refused;
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'sysctl-'));
    mkdirSync(folder(), { recursive: true });
    writeFileSync(join(folder(), 'nf_conntrack_max'), '1000\n');
    writeFileSync(join(folder(), 'nf_conntrack_tcp_timeout_established'), '432000\n');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it.each([
    [{ maxPerCore: 0, min: 5000 }, '1000\n'],
    [{ maxPerCore: 300, min: 5000 }, '5000'],
    [{ maxPerCore: 2000, min: 5000 }, '8000'],
    [{ maxPerCore: 1, min: 1 }, '1000\n'],
  ])('%j', (limits, expected) => {
    expect(set(limits)).toEqual([]);
    expect(value('nf_conntrack_max')).toBe(expected);
  });

  it('sets time-outs in seconds, and tells of those it cannot', () => {
    expect(set({ tcpEstablishedTimeout: 86_400_000, udpTimeout: 30_000 })).toEqual([
      'net/netfilter/nf_conntrack_udp_timeout',
    ]);
    expect(value('nf_conntrack_tcp_timeout_established')).toBe('86400');
  });
});
