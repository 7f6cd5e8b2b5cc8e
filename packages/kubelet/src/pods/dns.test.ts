import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pod } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { dnsSettings, parseResolvConf, podDns } from './dns.ts';

const host = parseResolvConf(
  '# comment\nnameserver 192.0.2.53\nsearch old.example\nsearch corp.example. lab.example\noptions edns0 trust-ad\n',
);
const settings = { clusterDns: ['10.96.0.10'], clusterDomain: 'cluster.local', host };
const pod = (spec: Partial<Pod['spec']>): Pod => ({
  metadata: { name: 'p', namespace: 'shop', uid: 'u' },
  spec: { containers: [], ...spec },
});
const dns = (spec: Partial<Pod['spec']>, more = {}) => {
  const warnings: string[] = [];
  return { ...podDns(pod(spec), { ...settings, ...more }, (reason) => warnings.push(reason)), warnings };
};

describe('resolv.conf', () => {
  it('is read as the resolver reads it', () => {
    expect(host).toEqual({
      servers: ['192.0.2.53'],
      searches: ['corp.example', 'lab.example'],
      options: ['edns0', 'trust-ad'],
    });
  });
});

describe("a pod's DNS", () => {
  it("is the cluster's by default", () => {
    expect(dns({})).toEqual({
      servers: ['10.96.0.10'],
      searches: ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'corp.example', 'lab.example'],
      options: ['ndots:5'],
      warnings: [],
    });
  });

  it("is the host's with Default, and in the host's network", () => {
    expect(dns({ dnsPolicy: 'Default' })).toEqual({ ...host, warnings: [] });
    expect(dns({ hostNetwork: true })).toEqual({ ...host, warnings: [] });
    expect(dns({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }).servers).toEqual(['10.96.0.10']);
  });

  it("is the pod's own with None, and is added to otherwise", () => {
    const dnsConfig = {
      nameservers: ['1.1.1.1'],
      searches: ['own.example'],
      options: [{ name: 'ndots', value: '2' }, { name: 'rotate' }],
    };
    expect(dns({ dnsPolicy: 'None', dnsConfig })).toEqual({
      servers: ['1.1.1.1'],
      searches: ['own.example'],
      options: ['ndots:2', 'rotate'],
      warnings: [],
    });
    expect(dns({ dnsConfig })).toMatchObject({ servers: ['10.96.0.10', '1.1.1.1'], options: ['ndots:2', 'rotate'] });
  });

  it("follows the host's as it changes", () => {
    const folder = mkdtempSync(join(tmpdir(), 'coracle-dns-'));
    try {
      const file = join(folder, 'resolv.conf');
      const given = dnsSettings(['10.96.0.10'], 'cluster.local', file);
      for (const server of ['192.0.2.1', '192.0.2.2']) {
        writeFileSync(file, `nameserver ${server}\n`);
        expect(podDns(pod({ dnsPolicy: 'Default' }), given, () => {}).servers).toEqual([server]);
      }
      const none = dnsSettings(['10.96.0.10'], 'cluster.local', '');
      expect(podDns(pod({ dnsPolicy: 'Default' }), none, () => {}).servers).toEqual(['127.0.0.1']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("falls back to the host's where the cluster has none, and says so", () => {
    expect(dns({}, { clusterDns: [] })).toEqual({ ...host, warnings: ['MissingClusterDNS'] });
  });

  it('is cut to what resolvers take, and says so', () => {
    const nameservers = ['1.1.1.1', '2.2.2.2', '3.3.3.3'];
    expect(dns({ dnsConfig: { nameservers } })).toMatchObject({
      servers: ['10.96.0.10', '1.1.1.1', '2.2.2.2'],
      warnings: ['DNSConfigForming'],
    });
  });
});
