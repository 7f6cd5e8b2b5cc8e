import { scheme } from '@coracle/api/builtin';
import { service } from '@coracle/api/core/v1/service';
import { ipAddress } from '@coracle/api/networking/v1/ipaddress';
import type { Service, ServiceSpec } from '@coracle/api/types/core/v1';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Store } from '../../storage/store.ts';
import { eventually } from '../../testing/expectations.ts';
import { ownStore } from '../../testing/own-store.ts';
import { Registry } from '../registry.ts';
import { AddressRepair } from './address-repair.ts';
import { ipAddressOf } from './cluster-ips.ts';
import { ServiceAllocation } from './hooks.ts';
import { PortRepair } from './port-repair.ts';

let store: Store;
/** One that allocates, and one that writes services as they come. */
let registry: Registry;
let plain: Registry;
let allocation: ServiceAllocation;
let told: string[];
let stop: AbortController;
const log = { warn: () => undefined };

beforeEach(async () => {
  store = await ownStore();
  told = [];
  stop = new AbortController();
  allocation = new ServiceAllocation({
    clusterIpRanges: ['10.0.0.0/24'],
    nodePortRange: '30000-30010',
    store: () => store,
    failed: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
  registry = new Registry({ store, scheme, hooks: { services: allocation.hooks }, log });
  allocation.follow(registry);
  plain = new Registry({ store, scheme, log });
  await registry.start();
  await plain.start();
});
afterEach(async () => {
  stop.abort();
  await registry.stop();
  await plain.stop();
  await store.close();
});

const events = {
  event: (object: { metadata: { name?: string } }, _kind: unknown, type: string, reason: string, message: string) =>
    void told.push(`${object.metadata.name} ${type} ${reason}: ${message}`),
};
const addressRepair = (grace: number) =>
  new AddressRepair({
    objects: registry,
    covers: (address) => allocation.covers(address),
    events: events as never,
    told: { log },
    grace,
  });
const portRepair = () => new PortRepair({ ports: allocation.ports, store, events: events as never, log });
const specOf = (clusterIP: string, nodePort?: number): ServiceSpec => ({
  type: nodePort ? 'NodePort' : 'ClusterIP',
  clusterIP,
  clusterIPs: [clusterIP],
  ipFamilies: ['IPv4'],
  ipFamilyPolicy: 'SingleStack',
  ports: [{ port: 80, protocol: 'TCP', ...(nodePort ? { nodePort } : {}) }],
});
const serviceOf = (name: string, spec: ServiceSpec): Service => ({ metadata: { name, namespace: 'default' }, spec });
const addresses = async () => {
  await registry.fresh();
  return registry.cachedList(ipAddress).map((it) => `${it.metadata.name} ${it.spec.parentRef!.name}`);
};
async function once(repair = addressRepair(60_000)): Promise<void> {
  await registry.fresh();
  await repair.once();
}

describe('the repair of addresses', () => {
  it('makes what services of earlier versions lack', async () => {
    await plain.create(service, serviceOf('web', specOf('10.0.0.9')));
    await once();
    expect(await addresses()).toEqual(['10.0.0.9 web']);
    expect(told).toEqual([
      'web Warning ClusterIPNotAllocated: Cluster IP [IPv4]: 10.0.0.9 is not allocated; repairing',
    ]);
    await once();
    expect(told).toHaveLength(1);
    expect(registry.cachedList(ipAddress)[0]!.metadata.labels).toEqual({
      'ipaddress.kubernetes.io/ip-family': 'IPv4',
      'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
    });
  });

  it('frees what no service has, once its service can no longer be on its way', async () => {
    await registry.create(ipAddress, ipAddressOf('10.0.0.9', { namespace: 'default', name: 'gone' }));
    await once();
    expect(await addresses()).toEqual(['10.0.0.9 gone']);
    await eventually(async () => {
      await once(addressRepair(0));
      return (await addresses()).length === 0;
    });
    expect(told).toEqual([
      '10.0.0.9 Warning IPAddressNotAllocated: IPAddress: 10.0.0.9 for Service default/gone appears to have leaked: cleaning up',
    ]);
  });

  it('leaves addresses of others alone', async () => {
    const others = ipAddressOf('10.0.0.9', { namespace: 'default', name: 'gateway' });
    await registry.create(ipAddress, { ...others, metadata: { name: '10.0.0.9' } });
    await once(addressRepair(-1));
    expect(await addresses()).toEqual(['10.0.0.9 gateway']);
  });

  it('gives an address with a wrong reference to the service that says it has it', async () => {
    await registry.create(ipAddress, ipAddressOf('10.0.0.9', { namespace: 'default', name: 'gone' }));
    await plain.create(service, serviceOf('web', specOf('10.0.0.9')));
    await once();
    expect(await addresses()).toEqual(['10.0.0.9 web']);
    expect(told).toEqual([
      'web Warning ClusterIPNotAllocated: the ClusterIP [IPv4]: 10.0.0.9 for Service default/web has a wrong reference; repairing',
    ]);
  });

  it('tells of services that share an address, and of addresses outside the range', async () => {
    await registry.create(service, serviceOf('first', specOf('10.0.0.9')));
    await plain.create(service, serviceOf('second', specOf('10.0.0.9')));
    await plain.create(service, serviceOf('third', specOf('10.7.0.9')));
    await once();
    expect(await addresses()).toEqual(['10.0.0.9 first']);
    expect(told.sort()).toEqual([
      'second Warning ClusterIPAlreadyAllocated: Cluster IP [IPv4]:10.0.0.9 was assigned to multiple services; please recreate service',
      'third Warning ClusterIPOutOfRange: Cluster IP [IPv4]: 10.7.0.9 is not within any configured Service CIDR; please recreate service',
    ]);
  });

  it('follows what happens', async () => {
    addressRepair(60_000).keep(stop.signal, 60_000);
    await registry.create(service, serviceOf('web', specOf('10.0.0.9')));
    await registry.delete(ipAddress, '10.0.0.9');
    await eventually(async () => told.length === 1);
    expect(await addresses()).toEqual(['10.0.0.9 web']);
    await registry.delete(service, 'web', 'default');
    expect(await addresses()).toEqual([]);
  });

  it('frees by itself what a server that died has left', async () => {
    addressRepair(0).keep(stop.signal, 60_000);
    await registry.create(ipAddress, ipAddressOf('10.0.0.9', { namespace: 'default', name: 'gone' }));
    await eventually(async () => (await addresses()).length === 0);
  });
});

describe('the repair of node ports', () => {
  const ports = async () => allocation.ports.change((set) => [...set]);

  it('takes what services of earlier versions use, where nothing is stored', async () => {
    await plain.create(service, serviceOf('web', specOf('10.0.0.9', 30005)));
    await portRepair().once();
    expect(await ports()).toEqual([30005]);
    expect(told).toEqual([]);
  });

  it('takes what services use and the store does not know, and tells of it', async () => {
    await allocation.ports.change((set) => set.reserve(30001));
    await plain.create(service, serviceOf('web', specOf('10.0.0.9', 30005)));
    await plain.create(service, serviceOf('other', specOf('10.0.0.10', 30005)));
    await plain.create(service, serviceOf('outside', specOf('10.0.0.11', 31000)));
    await portRepair().once();
    expect(await ports()).toEqual([30001, 30005]);
    expect(told.sort()).toEqual([
      'other Warning PortNotAllocated: Port 30005 is not allocated; repairing',
      'outside Warning PortOutOfRange: Port 31000 is not within the port range 30000-30010; please recreate service',
      'web Warning PortAlreadyAllocated: Port 30005 was assigned to multiple services; please recreate service',
    ]);
  });

  it('frees what no service uses at the third look, and not when a service came to use it meanwhile', async () => {
    await allocation.ports.change((set) => {
      set.reserve(30001);
      set.reserve(30002);
    });
    const repair = portRepair();
    await repair.once();
    await plain.create(service, serviceOf('late', specOf('10.0.0.9', 30002)));
    await repair.once();
    expect(await ports()).toEqual([30001, 30002]);
    await repair.once();
    expect(await ports()).toEqual([30002]);
  });

  it('takes over a range that was changed', async () => {
    await registry.create(service, serviceOf('web', specOf('10.0.0.9', 30005)));
    const wider = new ServiceAllocation({
      clusterIpRanges: ['10.0.0.0/24'],
      nodePortRange: '30000-30100',
      store: () => store,
      failed: () => undefined,
    });
    await new PortRepair({ ports: wider.ports, store, events: events as never, log }).once();
    expect(await wider.ports.change((set) => [...set])).toEqual([30005]);
  });
});
