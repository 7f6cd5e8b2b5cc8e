import { namespace as namespaceKind } from '@coracle/api/core/v1/namespace';
import { service as serviceKind } from '@coracle/api/core/v1/service';
import { endpointSlice as endpointSliceKind } from '@coracle/api/discovery/v1/endpointslice';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RecordType } from 'dns-packet';
import { port, service, slice } from '../testing/objects.ts';
import { type TestResponder, testResponder } from '../testing/responder.ts';

/**
 * The Kubernetes DNS-based service discovery specification, version 1.1.0, as a table of questions and answers, with what it leaves
 * open as CoreDNS answers it.
 */
let dns: TestResponder;
beforeAll(async () => {
  dns = await testResponder();
  const { client } = dns;
  await client.create(namespaceKind, { metadata: { name: 'shop' }, spec: {} });
  const services = [
    service(
      'web',
      { clusterIP: '10.0.0.80', ports: [port(80, 'http'), port(443, 'https'), port(53, 'dns', 'UDP')] },
      'shop',
    ),
    service('plain', { clusterIP: '10.0.0.81', ports: [port(8080)] }, 'shop'),
    service('db', { clusterIP: 'None', ports: [port(5432, 'pg')] }, 'shop'),
    service('empty', { clusterIP: 'None', ports: [port(1)] }, 'shop'),
    service('early', { clusterIP: 'None', publishNotReadyAddresses: true, ports: [port(1, 'one')] }, 'shop'),
    service('outside', { type: 'ExternalName', externalName: 'db.example.com' }, 'shop'),
    service('inside', { type: 'ExternalName', externalName: 'web.shop.svc.cluster.local' }, 'shop'),
    service('round', { type: 'ExternalName', externalName: 'about.shop.svc.cluster.local' }, 'shop'),
    service('about', { type: 'ExternalName', externalName: 'round.shop.svc.cluster.local' }, 'shop'),
    service('nowhere', { type: 'ExternalName', externalName: 'none.shop.svc.cluster.local' }, 'shop'),
    service('kube-dns', { clusterIP: '10.0.0.10', ports: [port(53, 'dns', 'UDP')] }, 'kube-system'),
  ];
  for (const each of services) await client.create(serviceKind, each);
  const pg = [{ name: 'pg', port: 5432, protocol: 'TCP' }];
  const slices = [
    slice(
      'db',
      [{ address: '10.1.0.1', hostname: 'db-0' }, { address: '10.1.0.2', hostname: 'db-1' }, '10.1.0.3'],
      pg,
      'shop',
    ),
    slice('db', [{ address: '10.1.0.4', hostname: 'db-9', conditions: { ready: false } }], pg, 'shop'),
    slice('db', [{ address: 'fd00::1', hostname: 'db-0' }, 'fd00::3'], pg, 'shop'),
    slice('empty', [{ address: '10.1.0.5', conditions: { ready: false } }], [{ name: '', port: 1 }], 'shop'),
    slice('early', [{ address: '10.1.0.6', conditions: { ready: false } }], [{ name: 'one', port: 1 }], 'shop'),
    slice('web', [{ address: '10.1.0.7', hostname: 'web-0' }], [{ name: 'http', port: 8080 }], 'shop'),
  ];
  for (const each of slices) await client.create(endpointSliceKind, each);
  await dns.caughtUp();
});
afterAll(() => dns.close());

type Case = [name: string, type: RecordType, answers: string[] | 'NXDOMAIN' | 'NODATA'];

const sections: Record<string, Case[]> = {
  '2.2 the version of the schema': [
    ['dns-version.cluster.local', 'TXT', ['dns-version.cluster.local TXT 1.1.0']],
    ['dns-version.cluster.local', 'A', 'NODATA'],
  ],
  '2.3 Services with a cluster address': [
    ['web.shop.svc.cluster.local', 'A', ['web.shop.svc.cluster.local A 10.0.0.80']],
    ['web.shop.svc.cluster.local', 'AAAA', 'NODATA'],
    ['web.shop.svc.cluster.local', 'TXT', 'NODATA'],
    ['none.shop.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['web.none.svc.cluster.local', 'A', 'NXDOMAIN'],
    [
      '_http._tcp.web.shop.svc.cluster.local',
      'SRV',
      ['_http._tcp.web.shop.svc.cluster.local SRV 0 100 80 web.shop.svc.cluster.local'],
    ],
    [
      '_dns._udp.web.shop.svc.cluster.local',
      'SRV',
      ['_dns._udp.web.shop.svc.cluster.local SRV 0 100 53 web.shop.svc.cluster.local'],
    ],
    ['_dns._tcp.web.shop.svc.cluster.local', 'SRV', 'NXDOMAIN'],
    ['_none._tcp.web.shop.svc.cluster.local', 'SRV', 'NXDOMAIN'],
    ['_http._tcp.web.shop.svc.cluster.local', 'A', 'NODATA'],
    ['_tcp.web.shop.svc.cluster.local', 'SRV', 'NODATA'],
    ['_sctp.web.shop.svc.cluster.local', 'SRV', 'NXDOMAIN'],
    ['_tcp.plain.shop.svc.cluster.local', 'SRV', 'NXDOMAIN'],
    [
      'plain.shop.svc.cluster.local',
      'SRV',
      ['plain.shop.svc.cluster.local SRV 0 100 8080 plain.shop.svc.cluster.local'],
    ],
    ['web-0.web.shop.svc.cluster.local', 'A', ['web-0.web.shop.svc.cluster.local A 10.1.0.7']],
    ['80.0.0.10.in-addr.arpa', 'PTR', ['80.0.0.10.in-addr.arpa PTR web.shop.svc.cluster.local']],
    ['80.0.0.10.in-addr.arpa', 'A', 'NODATA'],
  ],
  '2.4 headless Services': [
    [
      'db.shop.svc.cluster.local',
      'A',
      ['10.1.0.1', '10.1.0.2', '10.1.0.3'].map((each) => `db.shop.svc.cluster.local A ${each}`),
    ],
    [
      'db.shop.svc.cluster.local',
      'AAAA',
      ['fd00::1', 'fd00::3'].map((each) => `db.shop.svc.cluster.local AAAA ${each}`),
    ],
    ['db-0.db.shop.svc.cluster.local', 'A', ['db-0.db.shop.svc.cluster.local A 10.1.0.1']],
    ['db-0.db.shop.svc.cluster.local', 'AAAA', ['db-0.db.shop.svc.cluster.local AAAA fd00::1']],
    ['db-1.db.shop.svc.cluster.local', 'AAAA', 'NODATA'],
    ['db-9.db.shop.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['10-1-0-3.db.shop.svc.cluster.local', 'A', ['10-1-0-3.db.shop.svc.cluster.local A 10.1.0.3']],
    ['fd00--3.db.shop.svc.cluster.local', 'AAAA', ['fd00--3.db.shop.svc.cluster.local AAAA fd00::3']],
    ['x.db-0.db.shop.svc.cluster.local', 'A', 'NXDOMAIN'],
    [
      '_pg._tcp.db.shop.svc.cluster.local',
      'SRV',
      ['10-1-0-3', 'db-0', 'db-1', 'fd00--3'].map(
        (each) => `_pg._tcp.db.shop.svc.cluster.local SRV 0 25 5432 ${each}.db.shop.svc.cluster.local`,
      ),
    ],
    ['empty.shop.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['early.shop.svc.cluster.local', 'A', ['early.shop.svc.cluster.local A 10.1.0.6']],
    ['1.0.1.10.in-addr.arpa', 'PTR', ['1.0.1.10.in-addr.arpa PTR db-0.db.shop.svc.cluster.local']],
    [
      `1.${'0.'.repeat(27)}0.0.d.f.ip6.arpa`,
      'PTR',
      [`1.${'0.'.repeat(27)}0.0.d.f.ip6.arpa PTR db-0.db.shop.svc.cluster.local`],
    ],
  ],
  '2.5 external names': [
    ['outside.shop.svc.cluster.local', 'CNAME', ['outside.shop.svc.cluster.local CNAME db.example.com']],
    ['outside.shop.svc.cluster.local', 'A', ['outside.shop.svc.cluster.local CNAME db.example.com']],
    ['x.outside.shop.svc.cluster.local', 'A', 'NXDOMAIN'],
    [
      'inside.shop.svc.cluster.local',
      'A',
      ['inside.shop.svc.cluster.local CNAME web.shop.svc.cluster.local', 'web.shop.svc.cluster.local A 10.0.0.80'],
    ],
  ],
  'names of pods': [
    ['10-1-0-7.shop.pod.cluster.local', 'A', ['10-1-0-7.shop.pod.cluster.local A 10.1.0.7']],
    ['fd00--7.shop.pod.cluster.local', 'AAAA', ['fd00--7.shop.pod.cluster.local AAAA fd00::7']],
    ['10-1-0-7.shop.pod.cluster.local', 'AAAA', 'NODATA'],
    ['10-1-0-7.none.pod.cluster.local', 'A', 'NXDOMAIN'],
    ['10-1-0.shop.pod.cluster.local', 'A', 'NXDOMAIN'],
    ['name.shop.pod.cluster.local', 'A', 'NXDOMAIN'],
    ['x.10-1-0-7.shop.pod.cluster.local', 'A', 'NXDOMAIN'],
  ],
  'names that only have others below them': [
    ['svc.cluster.local', 'A', 'NODATA'],
    ['pod.cluster.local', 'A', 'NODATA'],
    ['shop.svc.cluster.local', 'A', 'NODATA'],
    ['shop.pod.cluster.local', 'A', 'NODATA'],
    ['none.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['shop.cluster.local', 'A', 'NXDOMAIN'],
    ['a.b.c.d.e.f.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['*.shop.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['any.shop.svc.cluster.local', 'A', 'NXDOMAIN'],
  ],
  'the domain itself': [
    ['cluster.local', 'SOA', ['cluster.local SOA ns.dns.cluster.local']],
    ['cluster.local', 'NS', ['cluster.local NS ns.dns.cluster.local']],
    ['ns.dns.cluster.local', 'A', ['ns.dns.cluster.local A 10.0.0.10']],
    ['dns.cluster.local', 'A', 'NODATA'],
    ['cluster.local', 'A', 'NODATA'],
  ],
};

describe.each(Object.entries(sections))('%s', (_section, cases) => {
  it.each(cases)('%s %s', async (name, type, expected) => {
    const { rcode, answers, authorities, packet } = await dns.ask(name, type);
    expect(packet.flag_aa).toBe(true);
    if (Array.isArray(expected)) {
      expect({ rcode, answers, authorities }).toEqual({ rcode: 'NOERROR', answers: expected, authorities: [] });
      for (const each of packet.answers!) expect(each).toMatchObject({ ttl: 5 });
      return;
    }
    // Clients remember what is not there for as long as the SOA record says (RFC 2308).
    const owner = name.endsWith('arpa') ? name : 'cluster.local';
    expect({ rcode, answers, authorities }).toEqual({
      rcode: expected === 'NODATA' ? 'NOERROR' : 'NXDOMAIN',
      answers: [],
      authorities: [`${owner} SOA ns.dns.cluster.local`],
    });
    expect(packet.authorities![0]).toMatchObject({ ttl: 5, data: { minimum: 5 } });
  });
});

describe('aliases', () => {
  it('that lead nowhere say so, and those that go round end', async () => {
    expect(await dns.ask('nowhere.shop.svc.cluster.local', 'A')).toMatchObject({
      rcode: 'NXDOMAIN',
      answers: ['nowhere.shop.svc.cluster.local CNAME none.shop.svc.cluster.local'],
    });
    const round = await dns.ask('round.shop.svc.cluster.local', 'A');
    expect(new Set(round.answers).size).toBe(2);
  });
});

describe('answers', () => {
  it('keep the case of the question, which does not matter', async () => {
    const { answers, packet } = await dns.ask('WeB.Shop.sVC.Cluster.LOCAL', 'A');
    expect(answers).toEqual(['WeB.Shop.sVC.Cluster.LOCAL A 10.0.0.80']);
    expect(packet.questions![0]!.name).toBe('WeB.Shop.sVC.Cluster.LOCAL');
  });

  it('to SRV questions bring the addresses of their targets', async () => {
    const { additionals } = await dns.ask('_pg._tcp.db.shop.svc.cluster.local', 'SRV', { edns: 1232 });
    expect(additionals).toEqual([
      '10-1-0-3.db.shop.svc.cluster.local A 10.1.0.3',
      'db-0.db.shop.svc.cluster.local A 10.1.0.1',
      'db-0.db.shop.svc.cluster.local AAAA fd00::1',
      'db-1.db.shop.svc.cluster.local A 10.1.0.2',
      'fd00--3.db.shop.svc.cluster.local AAAA fd00::3',
    ]);
  });

  it('begin with each of several addresses in turn, by chance', async () => {
    const firsts = new Set<string>();
    for (let i = 0; i < 200; i++) {
      const { packet } = await dns.ask('db.shop.svc.cluster.local', 'A');
      firsts.add((packet.answers![0] as { data: string }).data);
    }
    expect([...firsts].sort()).toEqual(['10.1.0.1', '10.1.0.2', '10.1.0.3']);
  });

  it('follow the cluster', async () => {
    const at = (name: string): Promise<string[]> => dns.ask(name, 'A').then(({ answers }) => answers);
    expect(await at('new.shop.svc.cluster.local')).toEqual([]);
    await dns.client.create(serviceKind, service('new', { clusterIP: '10.0.0.90', ports: [port(1)] }, 'shop'));
    await dns.caughtUp();
    expect(await at('new.shop.svc.cluster.local')).toEqual(['new.shop.svc.cluster.local A 10.0.0.90']);
    await dns.client.delete(serviceKind, 'new', 'shop');
    await dns.caughtUp();
    expect(await at('new.shop.svc.cluster.local')).toEqual([]);
  });

  it('about names outside are refusals where there is no server to ask', async () => {
    expect((await dns.ask('example.com', 'A')).rcode).toBe('REFUSED');
    expect((await dns.ask('9.9.9.9.in-addr.arpa', 'PTR')).rcode).toBe('REFUSED');
  });
});
