import { startCounters } from '@coracle/apiserver/testing/counters';
import { startEtcd, type TestEtcd } from '@coracle/apiserver/testing/etcd';
import { startProgram, type TestProgram } from '@coracle/apiserver/testing/program';
import { connect } from '@coracle/client/client';
import { loadKubeconfig } from '@coracle/client/config';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Balancer, startBalancer } from './balancer.ts';

let etcd: TestEtcd;
let programs: TestProgram[];
let balancer: Balancer;
let stop: AbortController;

beforeEach(async () => {
  etcd = await startEtcd();
  const first = await startProgram(etcd.url, ['--advertise-address=192.0.2.10']);
  const second = await startProgram(etcd.url, ['--advertise-address=192.0.2.11'], first.authority);
  programs = [first, second];
  stop = new AbortController();
  balancer = await startBalancer({
    listen: { host: '127.0.0.1', port: 0 },
    backends: programs.map(({ url }) => new URL(url).host),
    authority: first.authority.certificate,
    log: { info: () => undefined, warn: () => undefined },
    signal: stop.signal,
  });
});
afterEach(async () => {
  stop.abort();
  for (const program of programs) {
    program.child.kill('SIGCONT');
    await program.close();
  }
  await etcd.close();
});

/** Clients that know the balancer only; each has a connection of its own. */
const clients = (count: number) =>
  Array.from({ length: count }, () =>
    connect({ ...loadKubeconfig(programs[0]!.kubeconfig), server: `https://127.0.0.1:${balancer.address.port}` }),
  );

const connections = () => balancer.status().map((each) => each.connections);

describe('API servers behind a load balancer', () => {
  it('may hang, end and be killed: no write and no event is lost, and clients go on at the other', async () => {
    const made = clients(4);
    const load = await startCounters(made);
    await load.goOn();
    expect(connections().every((count) => count > 0)).toBe(true);
    const [first, second] = programs as [TestProgram, TestProgram];

    first.child.kill('SIGSTOP');
    await load.goOn(40);
    while (balancer.status()[0]!.state !== 'dead' || connections()[0]! > 0) await load.goOn(5);
    first.child.kill('SIGCONT');
    while (balancer.status()[0]!.state !== 'ready') await load.goOn(5);

    second.child.kill('SIGKILL');
    await load.goOn(40);
    while (connections()[1]! > 0) await load.goOn(5);

    await load.finish();
    for (const client of made) client.close();
  }, 180_000);

  it('may end as an operator ends them', async () => {
    const made = clients(4);
    const load = await startCounters(made);
    await load.goOn();
    expect(await programs[0]!.stop()).toBe(0);
    await load.goOn(40);
    await load.finish();
    for (const client of made) client.close();
  }, 180_000);
});
