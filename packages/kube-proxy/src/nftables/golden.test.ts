import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Service } from '@coracle/api/types/core/v1';
import type { EndpointSlice } from '@coracle/api/types/discovery/v1';
import { describe, expect, it } from '@jest/globals';
import type { Family } from '../model/family.ts';
import { ipv4, ipv6 } from '../model/family.ts';
import { Proxier } from '../proxier.ts';
import { http, makeService, makeSlice } from '../testing/objects.ts';

const testdata = join(dirname(fileURLToPath(import.meta.url)), 'testdata');

/** Compares with a file; UPDATE_GOLDEN=1 writes it instead. */
function expectGolden(name: string, text: string): void {
  const path = join(testdata, `${name}.nft`);
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(testdata, { recursive: true });
    writeFileSync(path, text);
  }
  expect(existsSync(path)).toBe(true);
  expect(text).toBe(readFileSync(path, 'utf8'));
}

type State = readonly (readonly [Service, ...EndpointSlice[]])[];

/** The scripts that lead through the given states, the first of them from nothing. */
async function scripts(family: Family, states: readonly State[], masqueradeAll = false): Promise<string[]> {
  const written: string[] = [];
  const pods = family === ipv4 ? '10.244.0.0/16' : 'fd00:1::/64';
  const node = family === ipv4 ? '192.168.0.2' : 'fd00:2::2';
  const proxier = new Proxier({
    family,
    surroundings: {
      context: {
        family,
        masqueradeAll,
        localTraffic: { isPod: `${family.nft} saddr ${pods}`, isNotPod: `${family.nft} saddr != ${pods}` },
        nodeIPs: [node],
      },
      place: { nodeName: 'here', zone: '' },
      masqueradeMark: 1 << 14,
      nodePortAddresses: [node],
    },
    runNft: async (script) => void written.push(script),
    conntrack: { udpFlows: async () => [], deleteUdp: async () => {} },
    onClash: (clash) => void written.push(`# clash: ${clash.container} ${clash.key}\n`),
    onConntrackError: () => {},
  });
  for (const state of states) {
    const slices = new Map(state.map(([service, ...own]) => [`default/${service.metadata.name}`, own]));
    await proxier.sync(
      { services: () => state.map(([each]) => each), slicesOf: (key) => slices.get(key) ?? [] },
      false,
    );
  }
  return written;
}

const clusterIP = '10.96.0.10';
const web = (spec: Service['spec'] = {}, status: Service['status'] = {}) =>
  makeService('web', { clusterIP, ports: [http], ...spec }, status);
const here = { addresses: ['10.244.0.2'], nodeName: 'here' };
const there = { addresses: ['10.244.1.3'], nodeName: 'there' };
const both = makeSlice('web', [here, there]);

describe('the table', () => {
  it('without Services', async () => expectGolden('empty', (await scripts(ipv4, [[]])).join('')));

  it('without Services, IPv6', async () => expectGolden('empty-ipv6', (await scripts(ipv6, [[]])).join('')));
});

describe('what a Service adds', () => {
  const nodePort = { type: 'NodePort', ports: [{ ...http, nodePort: 30080 }] };
  const balanced = { loadBalancer: { ingress: [{ ip: '203.0.113.8' }] } };
  it.each<[string, Service, EndpointSlice[]]>([
    ['cluster-ip', web(), [both]],
    ['no-endpoints', web(nodePort), []],
    ['node-port', web(nodePort), [both]],
    ['node-port-local', web({ ...nodePort, externalTrafficPolicy: 'Local' }), [both]],
    ['node-port-local-elsewhere', web({ ...nodePort, externalTrafficPolicy: 'Local' }), [makeSlice('web', [there])]],
    ['internal-local', web({ internalTrafficPolicy: 'Local' }), [both]],
    ['session-affinity', web({ sessionAffinity: 'ClientIP' }), [both]],
    ['external-ip', web({ externalIPs: ['203.0.113.7'] }), [both]],
    [
      'load-balancer-source-ranges',
      web({ type: 'LoadBalancer', loadBalancerSourceRanges: ['192.168.0.0/16', '192.168.1.0/24'] }, balanced),
      [both],
    ],
    [
      'several-ports',
      web({ ports: [http, { name: 'dns', port: 53, protocol: 'UDP' }] }),
      [both, makeSlice('web', [here], { name: 'dns', port: 5353, protocol: 'UDP' })],
    ],
  ])('%s', async (name, service, slices) => {
    expectGolden(name, (await scripts(ipv4, [[], [[service, ...slices]]])).at(-1)!);
  });

  it('masqueraded all', async () => {
    expectGolden('masquerade-all', (await scripts(ipv4, [[], [[web(), both]]], true)).at(-1)!);
  });

  it('IPv6', async () => {
    const service = makeService('web', { clusterIP: 'fd00:3::10', clusterIPs: ['fd00:3::10'], ...nodePort });
    expectGolden('ipv6', (await scripts(ipv6, [[], [[service, makeSlice('web', ['fd00:1::2'])]]])).at(-1)!);
  });
});

describe('what a change does', () => {
  it('endpoints that come and go', async () => {
    const states = [
      [[web(), makeSlice('web', [here])]],
      [[web(), both]],
      [[web(), makeSlice('web', [there])]],
      [[web()]],
      [],
    ];
    const [, ...changes] = await scripts(ipv4, states as never);
    expectGolden('changes', changes.join('\n'));
  });

  it('nothing when only what it does not look at changed', async () => {
    const labelled = { ...web(), metadata: { ...web().metadata, labels: { a: 'b' } } };
    expect(await scripts(ipv4, [[[web(), both]], [[labelled, both]]])).toHaveLength(1);
  });

  it('gives an address that two Services claim to the first, and says so', async () => {
    const claim = (name: string, own: string) =>
      makeService(name, { clusterIP: own, ports: [http], externalIPs: ['203.0.113.7'] });
    const [clash, table] = await scripts(ipv4, [
      [
        [claim('b', '10.96.0.2'), makeSlice('b', [here])],
        [claim('a', '10.96.0.1'), makeSlice('a', [here])],
      ],
    ]);
    expect(clash).toBe('# clash: map service-ips 203.0.113.7 . tcp . 80\n');
    expect(table).toMatch(/203\.0\.113\.7 \. tcp \. 80 : goto external-[A-Z2-7]{8}-default\/a\//);
    expect(table).not.toMatch(/203\.0\.113\.7 \. tcp \. 80 : goto external-[A-Z2-7]{8}-default\/b\//);
  });
});
