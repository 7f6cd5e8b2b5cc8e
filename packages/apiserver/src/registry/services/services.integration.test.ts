import { service } from '@coracle/api/core/v1/service';
import { ipAddress } from '@coracle/api/networking/v1/ipaddress';
import { serviceCidr } from '@coracle/api/networking/v1/servicecidr';
import type { Service } from '@coracle/api/types/core/v1';
import { type Client, connect } from '@coracle/client/client';
import { loadKubeconfig } from '@coracle/client/config';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startEtcd, type TestEtcd } from '../../testing/etcd.ts';
import { eventually, refusal } from '../../testing/expectations.ts';
import { startProgram, type TestProgram } from '../../testing/program.ts';

let etcd: TestEtcd;
let programs: TestProgram[];
let clients: Client[];

beforeAll(async () => {
  etcd = await startEtcd();
  programs = await Promise.all(
    ['192.0.2.10', '192.0.2.11'].map((address) => startProgram(etcd.url, [`--advertise-address=${address}`])),
  );
  clients = programs.map(({ kubeconfig }) => connect(loadKubeconfig(kubeconfig)));
});
afterAll(async () => {
  for (const client of clients ?? []) client.close();
  for (const program of programs ?? []) await program.close();
  await etcd?.close();
});

const serviceOf = (name: string, nodePort?: number): Service => ({
  metadata: { name, namespace: 'default' },
  spec: { type: 'NodePort', ports: [{ port: 80, protocol: 'TCP', ...(nodePort ? { nodePort } : {}) }] },
});

describe('two API servers on one etcd', () => {
  it('give 300 services that are made at once an address and a node port each', async () => {
    const made = await Promise.all(
      Array.from({ length: 300 }, (_, i) => clients[i % 2]!.create(service, serviceOf(`s${i}`))),
    );
    expect(new Set(made.map(({ spec }) => spec.clusterIP)).size).toBe(300);
    expect(new Set(made.map(({ spec }) => spec.ports![0]!.nodePort)).size).toBe(300);
    const { items } = await clients[0]!.list(ipAddress);
    expect(items.map(({ metadata }) => metadata.name).sort()).toEqual(
      [...made.map(({ spec }) => spec.clusterIP!), '10.96.0.1'].sort(),
    );
  });

  it('give a port that both are asked for at once to one service', async () => {
    const asked = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) => clients[i % 2]!.create(service, serviceOf(`same${i}`, 30_001))),
    );
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const each of asked) {
      if (each.status === 'rejected') {
        expect(String(each.reason)).toContain(
          'spec.ports[0].nodePort: Invalid value: 30001: provided port is already allocated',
        );
      }
    }
  });

  it('take back what a deleted service had, whichever is told', async () => {
    const [one, two] = clients as [Client, Client];
    const made = await one.create(service, serviceOf('short', 30_002));
    await two.delete(service, 'short', 'default');
    const again = await one.create(service, {
      ...serviceOf('again', 30_002),
      spec: { ...serviceOf('again', 30_002).spec, clusterIP: made.spec.clusterIP },
    });
    expect(again.spec.clusterIP).toBe(made.spec.clusterIP);
  });

  it('say what the range is, and that it is ready', async () => {
    const { spec, status } = await clients[1]!.get(serviceCidr, 'kubernetes');
    expect(spec.cidrs).toEqual(['10.96.0.0/16']);
    expect(status?.conditions).toMatchObject([{ type: 'Ready', status: 'True' }]);
    expect((await programs[0]!.get('/readyz/poststarthook/start-service-ip-repair-controllers')).text).toBe('ok');
  });

  it('take addresses from a ServiceCIDR that became ready, both of them', async () => {
    const [one, two] = clients as [Client, Client];
    const made = await one.create(serviceCidr, { metadata: { name: 'more' }, spec: { cidrs: ['10.97.0.0/24'] } });
    const condition = {
      type: 'Ready',
      status: 'True',
      reason: '',
      message: '',
      lastTransitionTime: made.metadata.creationTimestamp!,
    };
    await one.updateStatus(serviceCidr, { ...made, status: { conditions: [condition] } });
    for (const [i, client] of [one, two].entries()) {
      const clusterIP = `10.97.0.${10 + i}`;
      const asked = () =>
        client.create(service, { ...serviceOf(`in-more-${i}`), spec: { ...serviceOf('').spec, clusterIP } });
      // The server that was not told hears of it by its watch.
      await eventually(async () => (await refusal(asked())) === '');
    }
  });
});
