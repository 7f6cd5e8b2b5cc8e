import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ipv4 } from '../model/family.ts';
import { ServiceModel } from '../service-model.ts';
import { makeService, makeSlice } from '../testing/objects.ts';
import type { Flow } from './flows.ts';
import { parseFlows } from './flows.ts';
import { mayStrand, staleFlows, udpDestinations } from './stale-flows.ts';
import { setConntrack } from './sysctl.ts';

describe('UDP flows', () => {
  const dns = { name: 'dns', port: 53, protocol: 'UDP', nodePort: 30053 };
  const ip = '10.96.0.10';
  const leadingTo = (...ips: string[]) => {
    const context = { family: ipv4, masqueradeAll: false, localTraffic: undefined, nodeIPs: [] };
    const model = new ServiceModel(ipv4, context, { nodeName: '', zone: '' });
    const service = makeService('dns', { type: 'NodePort', clusterIP: ip, ports: [dns] });
    const slice = makeSlice('dns', ips, { name: 'dns', port: 5353, protocol: 'UDP' });
    return udpDestinations(model.update([service], () => [slice]));
  };
  const flow = (destination: string, destinationPort: number, answeredBy: string): Flow => ({
    destination,
    destinationPort,
    answeredBy,
  });
  const onNode = (address: string) => address === '192.168.0.1';
  const none = udpDestinations([]);

  it.each<[string, Flow, ReturnType<typeof leadingTo>, ReturnType<typeof leadingTo>, boolean]>([
    ['to an endpoint that is there', flow(ip, 53, '10.0.0.1'), none, leadingTo('10.0.0.1'), false],
    ['to an endpoint that is gone', flow(ip, 53, '10.0.0.1'), leadingTo('10.0.0.1'), leadingTo('10.0.0.2'), true],
    ['to the last endpoint that is gone', flow(ip, 53, '10.0.0.1'), leadingTo('10.0.0.1'), leadingTo(), true],
    ['to an endpoint of a Service that is gone', flow(ip, 53, '10.0.0.1'), leadingTo('10.0.0.1'), none, true],
    ['to nowhere, since there was no endpoint', flow(ip, 53, ip), leadingTo(), leadingTo('10.0.0.1'), true],
    ['to nowhere, as long as there is no endpoint', flow(ip, 53, ip), none, leadingTo(), false],
    ['to another port', flow(ip, 54, ip), none, leadingTo('10.0.0.1'), false],
    ['to a node port, endpoint gone', flow('192.168.0.1', 30053, '10.0.0.1'), none, leadingTo('10.0.0.2'), true],
    ['to that port of another machine', flow('8.8.8.8', 30053, '8.8.8.8'), none, leadingTo('10.0.0.2'), false],
  ])('%s', (_, each, before, after, stale) => {
    expect(staleFlows([each], before, after, onNode)).toEqual(stale ? [each] : []);
  });

  it('are looked at only when a destination changed', () => {
    expect(mayStrand(leadingTo('10.0.0.1'), leadingTo('10.0.0.1'))).toBe(false);
    expect(mayStrand(leadingTo('10.0.0.1'), leadingTo('10.0.0.2'))).toBe(true);
    expect(mayStrand(leadingTo('10.0.0.1'), leadingTo('10.0.0.1', '10.0.0.2'))).toBe(true);
    expect(mayStrand(leadingTo(), none)).toBe(true);
    expect(mayStrand(none, none)).toBe(false);
  });

  it('are read from what conntrack prints', () => {
    const text = `udp      17 29 src=10.244.0.9 dst=10.96.0.10 sport=4000 dport=53 src=10.0.0.1 dst=10.244.0.9 sport=5353 dport=4000 [ASSURED] mark=0 use=1
udp      17 3 src=fd00::9 dst=fd00::10 sport=4001 dport=53 [UNREPLIED] src=fd00::10 dst=fd00::9 sport=53 dport=4001 mark=0 use=1
conntrack v1.4.7 (conntrack-tools): 2 flow entries have been shown.
`;
    expect(parseFlows(text)).toEqual([
      flow(ip, 53, '10.0.0.1'),
      { destination: 'fd00::10', destinationPort: 53, answeredBy: 'fd00::10' },
    ]);
  });

  it('of many clients to one endpoint are one, and go by one command', () => {
    const clients = Array.from({ length: 1000 }, (_, i) => 4000 + i);
    const line = (sport: number) =>
      `udp      17 29 src=10.244.0.9 dst=10.96.0.10 sport=${sport} dport=53 src=10.0.0.1 dst=10.244.0.9 sport=5353 dport=${sport} [ASSURED] mark=0 use=1\n`;
    expect(parseFlows(clients.map(line).join(''))).toEqual([flow(ip, 53, '10.0.0.1')]);
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
