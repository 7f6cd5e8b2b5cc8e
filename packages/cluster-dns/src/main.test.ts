import { service as serviceKind } from '@coracle/api/core/v1/service';
import { endpointSlice as endpointSliceKind } from '@coracle/api/discovery/v1/endpointslice';
import { MemoryStore } from '@coracle/apiserver/storage/memory-store';
import { startApiServer, type TestServer } from '@coracle/apiserver/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { query, told } from './testing/answers.ts';
import { port, service, slice } from './testing/objects.ts';
import {
  askTcp,
  type DnsProgram,
  eventually,
  freePort,
  type Relay,
  relay,
  startDnsProgram,
} from './testing/program.ts';
import { type FakeUpstream, fakeUpstream, records } from './testing/upstream.ts';

/** The program as a pod runs it, with an API server that comes and goes. */
const store = new MemoryStore();
let way: Relay;
let api: TestServer;
let upstream: FakeUpstream;
let dns: DnsProgram;

const address = (name: string): Promise<string[]> => dns.resolver.resolve4(name);

async function apiServerComes(): Promise<void> {
  api = await startApiServer({ store });
  way.to(Number(new URL(api.url).port));
}

async function apiServerGoes(): Promise<void> {
  way.to(undefined);
  await api.close();
}

beforeAll(async () => {
  way = await relay();
  upstream = await fakeUpstream(({ questions }) =>
    records({ type: 'A', name: questions![0]!.name, data: '192.0.2.1', ttl: 60 }),
  );
  dns = await startDnsProgram([
    `--master=${way.url}`,
    `--upstream=127.0.0.1:${upstream.address.port}`,
    '--lameduck=300ms',
  ]);
});
afterAll(async () => {
  await dns.close();
  await api?.close();
  await way.close();
  await upstream.close();
  await store.close();
});

describe('before the API server answers', () => {
  it('clients are not sent here, yet names outside resolve', async () => {
    expect(await dns.get('ready')).toEqual({ status: 503, text: 'kubernetes' });
    expect(await dns.get('health')).toEqual({ status: 200, text: 'OK' });
    expect(await address('example.com')).toEqual(['192.0.2.1']);
  });

  it("the cluster's names are not denied: nobody can know yet", async () => {
    for (const name of ['kubernetes.default.svc.cluster.local', '1.0.96.10.in-addr.arpa'])
      expect(told((await dns.send(query(name, 'A')))!).rcode).toBe('SERVFAIL');
  });
});

describe('with the API server', () => {
  beforeAll(async () => {
    await apiServerComes();
    const hosts = Array.from({ length: 200 }, (_, i) => ({ address: `10.1.1.${i + 1}`, hostname: `db-${i}` }));
    await api.client.create(serviceKind, service('web', { clusterIP: '10.0.0.80', ports: [port(80, 'http')] }));
    await api.client.create(serviceKind, service('db', { clusterIP: 'None', ports: [port(5432, 'pg')] }));
    await api.client.create(serviceKind, service('outside', { type: 'ExternalName', externalName: 'www.example.com' }));
    await api.client.create(endpointSliceKind, slice('db', hosts, [{ name: 'pg', port: 5432 }]));
    await eventually('the server is ready', async () => (await dns.get('ready')).status === 200);
    await eventually(
      'it saw the endpoints',
      async () => (await address('db-199.db.default.svc.cluster.local').catch(() => [])).length > 0,
    );
  });

  it('names resolve as programs ask for them', async () => {
    const { resolver } = dns;
    expect(await address('web.default.svc.cluster.local')).toEqual(['10.0.0.80']);
    expect(await resolver.resolveSrv('_http._tcp.web.default.svc.cluster.local')).toMatchObject([
      { name: 'web.default.svc.cluster.local', port: 80, priority: 0, weight: 100 },
    ]);
    expect(await resolver.reverse('10.0.0.80')).toEqual(['web.default.svc.cluster.local']);
    expect(await resolver.resolveTxt('dns-version.cluster.local')).toEqual([['1.1.0']]);
    expect(await address('10-1-2-3.default.pod.cluster.local')).toEqual(['10.1.2.3']);
    await expect(address('none.default.svc.cluster.local')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect(dns.resolver.resolve6('web.default.svc.cluster.local')).rejects.toMatchObject({ code: 'ENODATA' });
  });

  it('what does not fit a datagram comes by TCP', async () => {
    const cut = told((await dns.send(query('db.default.svc.cluster.local', 'A')))!);
    expect(cut.packet.flag_tc).toBe(true);
    expect(await address('db.default.svc.cluster.local')).toHaveLength(200);
    expect(await dns.resolver.resolveSrv('_pg._tcp.db.default.svc.cluster.local')).toHaveLength(200);
  });

  it('several questions may share a connection', async () => {
    const names = ['web.default.svc.cluster.local', 'example.org', 'db-7.db.default.svc.cluster.local'];
    const answers = await askTcp(
      dns.port,
      names.map((name, id) => query(name, 'A', { id })),
    );
    const byId = answers.map(told).sort((a, b) => a.packet.id! - b.packet.id!);
    expect(byId.map((each) => each.answers[0])).toEqual([
      'web.default.svc.cluster.local A 10.0.0.80',
      'example.org A 192.0.2.1',
      'db-7.db.default.svc.cluster.local A 10.1.1.8',
    ]);
  });

  it('an external name brings what its target has', async () => {
    expect(told((await dns.send(query('outside.default.svc.cluster.local', 'A')))!)).toMatchObject({
      rcode: 'NOERROR',
      answers: ['outside.default.svc.cluster.local CNAME www.example.com', 'www.example.com A 192.0.2.1'],
    });
  });

  it('nothing that is sent to it ends it', async () => {
    const plain = query('web.default.svc.cluster.local', 'A', { edns: 1232 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(plain.length - 3), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.nat(plain.length - 2),
        async (changes, cut) => {
          const message = Buffer.concat([Buffer.from([0x12, 0x34]), plain.subarray(2)]);
          for (const [at, byte] of changes) message[2 + at] = byte;
          const sent = cut % 3 === 0 ? message.subarray(0, message.length - cut) : message;
          const answered = sent.length >= 12 && (sent[2]! & 0x80) === 0;
          const reply = answered ? await dns.send(sent) : await dns.send(sent, 1);
          expect(reply === undefined).toBe(!answered);
          if (reply) expect([reply.readUInt16BE(0), reply[2]! & 0x80]).toEqual([0x1234, 0x80]);
        },
      ),
      { numRuns: 300 },
    );
    expect(await address('web.default.svc.cluster.local')).toEqual(['10.0.0.80']);
  });

  it('tells what it does', async () => {
    const { text } = await dns.get('metrics');
    expect(text).toMatch(/^coredns_dns_requests_total\{.*zone="cluster\.local\.".*proto="udp".*type="A".*\} \d+$/m);
    expect(text).toMatch(/^coredns_dns_responses_total\{.*rcode="NXDOMAIN",plugin="kubernetes".*\} \d+$/m);
    expect(text).toMatch(/^coredns_dns_request_duration_seconds_count\{.*\} \d+$/m);
    expect(text).toMatch(/^coredns_cache_misses_total\{.*\} \d+$/m);
    expect(text).toMatch(/^coredns_proxy_request_duration_seconds_count\{.*rcode="NOERROR".*\} \d+$/m);
  });
});

describe('when the API server goes', () => {
  it('answers go on from memory, and follow again once it is back', async () => {
    await apiServerGoes();
    expect(await address('web.default.svc.cluster.local')).toEqual(['10.0.0.80']);
    expect(await dns.get('ready')).toMatchObject({ status: 200 });
    await apiServerComes();
    await api.client.create(serviceKind, service('late', { clusterIP: '10.0.0.99', ports: [port(1)] }));
    await eventually('the new Service has a name', async () => {
      const found = await address('late.default.svc.cluster.local').catch(() => []);
      return found[0] === '10.0.0.99';
    });
  });
});

describe('when it is told to end', () => {
  it('it is not ready any more, still answers for a while, and ends with 0', async () => {
    dns.child.kill('SIGTERM');
    await eventually('it is not ready', async () => (await dns.get('ready')).status === 503);
    expect((await dns.get('health')).status).toBe(200);
    expect(await address('web.default.svc.cluster.local')).toEqual(['10.0.0.80']);
    expect(await dns.ended).toBe(0);
  });
});

describe('a server upstream that leads back', () => {
  it('is found out and not asked', async () => {
    const chosen = await freePort();
    const looping = await startDnsProgram([
      `--master=${way.url}`,
      `--port=${chosen}`,
      `--upstream=127.0.0.1:${chosen}`,
    ]);
    try {
      await eventually('the loop is found', () => looping.log().includes('Loop: server upstream leads back'));
      looping.resolver.setServers([`127.0.0.1:${chosen}`]);
      await expect(looping.resolver.resolve4('example.com')).rejects.toMatchObject({ code: 'ESERVFAIL' });
      expect(await looping.resolver.resolve4('web.default.svc.cluster.local')).toEqual(['10.0.0.80']);
    } finally {
      await looping.close();
    }
  });
});

describe('flags that cannot be used', () => {
  it.each([
    ['--pods=some', '"--pods" flag: must be one of "insecure", "verified", "disabled"'],
    ['--ttl=4000', '"--ttl" flag: must be between 0 and 3600'],
    ['--upstream=dns.example', '"--upstream" flag: "dns.example" is not an IP address, perhaps with a port'],
    ['--upstream-resolv-conf=/nonexistent', '"--upstream-resolv-conf" flag: ENOENT'],
    ['--cluster-domain=a_b', '"--cluster-domain" flag: a lowercase RFC 1123 subdomain'],
    ['--bind-address=localhost', '"--bind-address" flag: must be an IP address'],
  ])('%s', async (flag, message) => {
    await expect(startDnsProgram(['--master=http://127.0.0.1:1', flag])).rejects.toThrow(message);
  });
});
