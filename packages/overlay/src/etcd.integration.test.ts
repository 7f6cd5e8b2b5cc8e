import { startEtcd, type TestEtcd } from '@coracle/apiserver/testing/etcd';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Etcd3 } from 'etcd3';
import { ping, TestLan } from './testing/nodes.ts';

let etcd: TestEtcd;
let client: Etcd3;
let lan: TestLan;
let flags: string[];

beforeEach(async () => {
  etcd = await startEtcd();
  client = new Etcd3({ hosts: etcd.url });
  lan = await TestLan.make();
  flags = [`--etcd-endpoints=http://${await lan.relay(Number(new URL(etcd.url).port))}`];
});
afterEach(async () => {
  await lan?.close();
  client?.close();
  await etcd?.close();
});

const configure = (backend: object, more: object = {}) =>
  client
    .put('/atomic.io/network/config')
    .value(JSON.stringify({ Network: '10.244.0.0/16', Backend: backend, ...more }));

it("pods of three nodes reach each other, and none loses a pod's first packet", async () => {
  await configure({ Type: 'vxlan' });
  const nodes = await Promise.all([1, 2, 3].map((number) => lan.node(number, flags)));
  for (const each of nodes) each.start();
  const subnets = await Promise.all(nodes.map((each) => each.standing()));
  expect(new Set(subnets).size).toBe(3);
  const pods = await Promise.all(nodes.map((each) => each.pod()));
  for (const from of pods) {
    for (const to of pods) expect(await ping(from.inside, to.ip)).toBe(1);
  }
});
