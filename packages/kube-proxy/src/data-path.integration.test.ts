import type { Service } from '@coracle/api/types/core/v1';
import type { EndpointSlice } from '@coracle/api/types/discovery/v1';
import type { Namespace } from '@coracle/process/testing/namespace';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { conntrackBy } from './conntrack/conntrack.ts';
import { ipv4, ipv6 } from './model/family.ts';
import { table } from './nftables/names.ts';
import { removeTables, runNftWith } from './nftables/nft.ts';
import { Proxier } from './proxier.ts';
import { TestNetwork } from './testing/network.ts';
import { http, makeService, makeSlice } from './testing/objects.ts';
import { ask, get, getOften, serveHttp, serveUdp } from './testing/servers.ts';

const clusterIP = '10.96.0.10';
const nodeIP = '192.168.77.1';
const url = `http://${clusterIP}/`;

let network: TestNetwork;
let podA: Namespace;
let podB: Namespace;
let proxier: Proxier;

beforeAll(async () => {
  network = await TestNetwork.make();
  [podA, podB] = [await network.addPod('10.244.0.2'), await network.addPod('10.244.0.3')];
  await serveHttp(podA, 'a', 8080);
  await serveHttp(podB, 'b', 8080);
  await serveUdp(podA, 'a', 5353);
  await serveUdp(podB, 'b', 5353);
});
afterAll(() => network?.close());

beforeEach(async () => {
  await nft('flush ruleset');
  await network.node.run('conntrack', '-F');
  proxier = new Proxier({
    family: ipv4,
    surroundings: {
      context: {
        family: ipv4,
        masqueradeAll: false,
        localTraffic: { isPod: 'ip saddr 10.244.0.0/16', isNotPod: 'ip saddr != 10.244.0.0/16' },
        nodeIPs: [nodeIP],
      },
      place: { nodeName: 'node', zone: '' },
      masqueradeMark: 1 << 14,
      nodePortAddresses: [nodeIP],
    },
    runNft: nft,
    conntrack: conntrackBy(network.node.enter('conntrack')),
    onClash: (clash) => {
      throw new Error(`unexpected clash ${JSON.stringify(clash)}`);
    },
    onConntrackError: (error) => {
      throw error;
    },
  });
});

const nft = (script: string) => runNftWith(network.node.enter('nft'), script);

function apply(service: Service | undefined, slice: EndpointSlice | undefined): Promise<unknown> {
  const source = { services: () => (service ? [service] : []), slicesOf: () => (slice ? [slice] : []) };
  return proxier.sync(source, false);
}

async function answers(from: Namespace, to: string, times: number): Promise<string[]> {
  return (await getOften(from, to, times)).map(({ by }) => by);
}

const both = makeSlice('web', ['10.244.0.2', '10.244.0.3']);
const web = (spec: Service['spec'] = {}) => makeService('web', { clusterIP, ports: [http], ...spec });

describe('a ClusterIP', () => {
  it('is spread over both endpoints, from a pod, from the node and from outside', async () => {
    await apply(web(), both);
    for (const from of [podA, network.node, network.client]) {
      // 24 connections all to one of two: one in eight million.
      expect(new Set(await answers(from, url, 24))).toEqual(new Set(['a', 'b']));
    }
  });

  it('shows pods by their own addresses, and others as the node', async () => {
    await apply(web(), makeSlice('web', ['10.244.0.3']));
    expect((await get(podA, url)).caller).toBe('10.244.0.2');
    expect((await get(network.client, url)).caller).toBe('10.244.0.1');
  });

  it('lets a pod reach itself', async () => {
    await apply(web(), makeSlice('web', ['10.244.0.2']));
    expect(await get(podA, url)).toEqual({ by: 'a', caller: '10.244.0.1' });
  });

  it('is refused without endpoints and at a wrong port', async () => {
    await apply(web(), undefined);
    expect((await get(podA, url)).by).toBe('refused');
    expect((await get(network.node, url)).by).toBe('refused');
    await apply(web(), both);
    expect((await get(podA, `http://${clusterIP}:81/`)).by).toBe('refused');
    expect((await get(podA, url)).by).toMatch(/^[ab]$/);
  });

  it('follows its endpoints', async () => {
    await apply(web(), both);
    await apply(web(), makeSlice('web', ['10.244.0.3']));
    expect(new Set(await answers(podA, url, 8))).toEqual(new Set(['b']));
    await apply(web(), makeSlice('web', ['10.244.0.2']));
    expect(new Set(await answers(podA, url, 8))).toEqual(new Set(['a']));
  });

  it('keeps a client with its endpoint under session affinity', async () => {
    await apply(web({ sessionAffinity: 'ClientIP' }), both);
    const seen = await answers(podA, url, 16);
    expect(new Set(seen).size).toBe(1);
  });

  it('stays on the node under internalTrafficPolicy Local, and drops where there is no endpoint', async () => {
    const local = { internalTrafficPolicy: 'Local' };
    const onNodes = (first: string, second: string) =>
      makeSlice('web', [
        { addresses: ['10.244.0.2'], nodeName: first },
        { addresses: ['10.244.0.3'], nodeName: second },
      ]);
    await apply(web(local), onNodes('node', 'other'));
    expect(new Set(await answers(podB, url, 8))).toEqual(new Set(['a']));
    await apply(web(local), onNodes('other', 'other'));
    expect((await get(podB, url)).by).toBe('timeout');
  });
});

describe('a NodePort', () => {
  const nodePort = (spec: Service['spec'] = {}) =>
    web({ type: 'NodePort', ports: [{ ...http, nodePort: 30080 }], ...spec });
  const nodeUrl = `http://${nodeIP}:30080/`;

  it('is spread over both endpoints, from outside, from a pod and from the node itself', async () => {
    await apply(nodePort(), both);
    for (const from of [network.client, podA, network.node]) {
      expect(new Set(await answers(from, nodeUrl, 24))).toEqual(new Set(['a', 'b']));
    }
  });

  it('is answered on the chosen addresses only', async () => {
    await apply(nodePort(), both);
    expect((await get(podA, 'http://10.244.0.1:30080/')).by).toBe('refused');
  });

  it('is refused without endpoints', async () => {
    await apply(nodePort(), undefined);
    expect((await get(network.client, nodeUrl)).by).toBe('refused');
  });

  it('keeps the caller under externalTrafficPolicy Local, and drops where there is no endpoint', async () => {
    const local = { externalTrafficPolicy: 'Local' };
    const here = makeSlice('web', [
      { addresses: ['10.244.0.2'], nodeName: 'node' },
      { addresses: ['10.244.0.3'], nodeName: 'other' },
    ]);
    await apply(nodePort(local), here);
    expect(await get(network.client, nodeUrl)).toEqual({ by: 'a', caller: '192.168.77.2' });
    expect(new Set(await answers(network.node, nodeUrl, 24))).toEqual(new Set(['a', 'b']));
    await apply(nodePort(local), makeSlice('web', [{ addresses: ['10.244.0.3'], nodeName: 'other' }]));
    expect((await get(network.client, nodeUrl)).by).toBe('timeout');
    expect((await get(network.node, nodeUrl)).by).toBe('b');
  });
});

describe('other addresses', () => {
  it('external IPs lead to the endpoints', async () => {
    await apply(web({ externalIPs: ['203.0.113.7'] }), both);
    expect((await get(network.client, 'http://203.0.113.7/')).by).toMatch(/^[ab]$/);
  });

  it('load balancer addresses admit their source ranges only', async () => {
    const balancer = (range: string) => ({
      ...web({ type: 'LoadBalancer', loadBalancerSourceRanges: [range] }),
      status: { loadBalancer: { ingress: [{ ip: '203.0.113.8' }] } },
    });
    await apply(balancer('192.168.77.0/24'), both);
    expect((await get(network.client, 'http://203.0.113.8/')).by).toMatch(/^[ab]$/);
    await apply(balancer('172.16.0.0/12'), both);
    expect((await get(network.client, 'http://203.0.113.8/')).by).toBe('timeout');
  });
});

describe('UDP', () => {
  const dns = { name: 'dns', port: 53, protocol: 'UDP' };
  const service = () => makeService('dns', { clusterIP, ports: [dns] });
  const slice = (...ips: string[]) => makeSlice('dns', ips, { name: 'dns', port: 5353, protocol: 'UDP' });

  it('clients that keep their port move on when their endpoint goes', async () => {
    await apply(service(), slice('10.244.0.2'));
    expect(await ask(podB, clusterIP, 53, 40_001)).toBe('a');
    await apply(service(), slice('10.244.0.3'));
    expect(await ask(podB, clusterIP, 53, 40_001)).toBe('b');
  });

  it('clients that asked before there was an endpoint get through once there is', async () => {
    await apply(undefined, undefined);
    expect(await ask(podB, clusterIP, 53, 40_002)).toBe('nobody');
    await apply(service(), slice('10.244.0.2'));
    expect(await ask(podB, clusterIP, 53, 40_002)).toBe('a');
  });
});

describe('the table', () => {
  it('is changed only where something changed', async () => {
    const scripts: string[] = [];
    const recording = (script: string) => {
      scripts.push(script);
      return nft(script);
    };
    const recorded = new Proxier({
      family: ipv4,
      surroundings: {
        context: { family: ipv4, masqueradeAll: false, localTraffic: undefined, nodeIPs: [] },
        place: { nodeName: '', zone: '' },
        masqueradeMark: 1,
        nodePortAddresses: 'all',
      },
      runNft: recording,
      conntrack: { udpFlows: async () => [], deleteUdp: async () => {} },
      onClash: () => {},
      onConntrackError: () => {},
    });
    const services = Array.from({ length: 200 }, (_, i) =>
      makeService(`s${i}`, { clusterIP: `10.97.0.${i}`, ports: [http] }),
    );
    const slice = makeSlice('any', ['10.244.0.2']);
    const sync = (list: readonly Service[]) => recorded.sync({ services: () => list, slicesOf: () => [slice] }, false);
    expect(await sync(services)).toBe('full');
    expect(await sync(services)).toBe('nothing');
    expect(await sync([...services, web()])).toBe('partial');
    expect(await sync(services)).toBe('partial');
    expect(scripts.map((each) => each.split('\n').length > 20)).toEqual([true, false, false]);
    expect(await network.node.run('nft', 'list', 'ruleset')).not.toContain('default/web');
  });

  it('is made anew after a failure', async () => {
    await apply(web(), both);
    await nft(`delete table ip ${table}`);
    await expect(apply(web(), makeSlice('web', ['10.244.0.3']))).rejects.toThrow(/nft exited with code 1/);
    await apply(web(), makeSlice('web', ['10.244.0.3']));
    expect((await get(podA, url)).by).toBe('b');
  });

  it('leaves nothing behind when it is cleaned up, twice over', async () => {
    await apply(web({ sessionAffinity: 'ClientIP' }), both);
    await removeTables(nft, table, [ipv4, ipv6]);
    expect(await network.node.run('nft', 'list', 'ruleset')).toBe('');
    await removeTables(nft, table, [ipv4, ipv6]);
    expect(await network.node.run('nft', 'list', 'ruleset')).toBe('');
  });
});
