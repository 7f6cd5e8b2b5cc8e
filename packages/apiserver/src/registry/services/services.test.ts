import { scheme } from '@coracle/api/builtin';
import { service } from '@coracle/api/core/v1/service';
import { clone } from '@coracle/api/meta/object';
import type { StatusError } from '@coracle/api/meta/status';
import { ipAddress } from '@coracle/api/networking/v1/ipaddress';
import { serviceCidr } from '@coracle/api/networking/v1/servicecidr';
import type { Service, ServiceSpec } from '@coracle/api/types/core/v1';
import type { ServiceCIDR } from '@coracle/api/types/networking/v1';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Store } from '../../storage/store.ts';
import { ownStore } from '../../testing/own-store.ts';
import { Registry } from '../registry.ts';
import { ServiceAllocation } from './hooks.ts';

const stores: Store[] = [];
const registries: Registry[] = [];
afterEach(async () => {
  for (const registry of registries.splice(0)) await registry.stop();
  for (const store of stores.splice(0)) await store.close();
});

interface Options {
  ranges?: string[];
  ports?: string;
  store?: Store;
  failed?: (what: string) => void;
}

/** The services of an API server, in a cluster of its own unless it shares another's store. */
async function services(options: Options = {}) {
  const store = options.store ?? (await ownStore());
  if (!options.store) stores.push(store);
  const allocation = new ServiceAllocation({
    clusterIpRanges: options.ranges ?? ['10.0.0.0/24'],
    nodePortRange: options.ports ?? '30000-30010',
    store: () => store,
    failed: (what, error) => {
      if (!options.failed) throw new Error(what, { cause: error });
      options.failed(what);
    },
  });
  const registry = new Registry({
    store,
    scheme,
    hooks: { services: allocation.hooks },
    log: { warn: (text, details) => console.warn(text, details) },
  });
  registries.push(registry);
  allocation.follow(registry);
  await registry.start();
  return {
    store,
    registry,
    allocation,
    create: (spec: ServiceSpec, name = 'web', dryRun = false): Promise<Service> =>
      registry.create(service, { metadata: { name, namespace: 'default' }, spec: clone(spec) }, { dryRun }),
    update: (old: Service, spec: ServiceSpec): Promise<Service> =>
      registry.update(service, old.metadata.name!, 'default', (it) => ({ ...it, spec: clone(spec) })),
    remove: (old: Service) => registry.delete(service, old.metadata.name!, 'default'),
    /** The addresses that are taken, and by whom. */
    addresses: async () => {
      await registry.fresh();
      return registry
        .cachedList(ipAddress)
        .map(({ metadata, spec: { parentRef } }) => `${metadata.name} ${parentRef!.namespace}/${parentRef!.name}`);
    },
    ports: () => allocation.ports.change((set) => [...set]),
  };
}

const http = { port: 80, protocol: 'TCP' };
const message = (action: Promise<unknown>): Promise<string> =>
  action.then(
    () => '',
    (error: StatusError) => error.message,
  );

const internal: ServiceSpec = { type: 'ClusterIP', ports: [http] };

describe('a service', () => {
  it('gets an address of its own, and gives it back', async () => {
    const cluster = await services({ ranges: ['10.0.0.0/29'] });
    const made: Service[] = [];
    for (let i = 0; i < 6; i++) made.push(await cluster.create(internal, `s${i}`));
    expect(new Set(made.map(({ spec }) => spec.clusterIP)).size).toBe(6);
    expect(made[0]!.spec).toMatchObject({
      clusterIPs: [made[0]!.spec.clusterIP],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
    });
    expect(await cluster.addresses()).toEqual(
      made.map(({ spec, metadata }) => `${spec.clusterIP} default/${metadata.name}`).sort(),
    );
    expect(await message(cluster.create(internal, 'late'))).toBe(
      'Internal error occurred: failed to allocate a serviceIP: range is full',
    );
    await cluster.remove(made[2]!);
    expect((await cluster.create(internal, 'late')).spec.clusterIP).toBe(made[2]!.spec.clusterIP);
  });

  it('gets the address and port it asks for, when nobody has them', async () => {
    const cluster = await services();
    const spec = { type: 'NodePort', clusterIP: '10.0.0.7', ports: [{ ...http, nodePort: 30001 }] };
    expect((await cluster.create(spec)).spec).toMatchObject({ clusterIPs: ['10.0.0.7'], ports: [{ nodePort: 30001 }] });
    expect(await message(cluster.create(spec, 'other'))).toBe(
      'Service "other" is invalid: spec.clusterIPs: Invalid value: ["10.0.0.7"]: failed to allocate IP 10.0.0.7: provided IP is already allocated',
    );
    expect(await message(cluster.create({ ...spec, clusterIP: undefined }, 'other'))).toBe(
      'Service "other" is invalid: spec.ports[0].nodePort: Invalid value: 30001: provided port is already allocated',
    );
    const asked = (wish: Partial<ServiceSpec>) => message(cluster.create({ ...internal, ...wish }, 'other'));
    expect(await asked({ clusterIP: '10.1.0.1' })).toBe(
      'Service "other" is invalid: spec.clusterIPs: Invalid value: ["10.1.0.1"]: failed to allocate IP 10.1.0.1: the provided network does not match the current range',
    );
    expect(await asked({ clusterIP: '10.0.0.255' })).toContain(
      'the provided IP (10.0.0.255) is not in the valid range. The range of valid IPs is 10.0.0.0/24',
    );
    expect(await asked({ clusterIP: 'foo' })).toBe(
      'Service "other" is invalid: spec.clusterIPs[0]: Invalid value: "foo": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    );
    expect(await asked({ clusterIPs: ['10.0.0.7'] })).toBe(
      'Service "other" is invalid: spec.clusterIPs: Invalid value: ["10.0.0.7"]: must be empty when `clusterIP` is not specified',
    );
    expect((await cluster.create({ ...internal, clusterIP: '10.0.0.8' }, 'other')).spec.clusterIP).toBe('10.0.0.8');
  });

  it('that is refused leaves nothing allocated', async () => {
    const cluster = await services();
    await cluster.create({ type: 'NodePort', ports: [{ ...http, nodePort: 30001 }] });
    const before = await cluster.addresses();
    const wish = { type: 'NodePort', clusterIP: '10.0.0.9', ports: [{ ...http, nodePort: 30001 }] };
    expect(await message(cluster.create(wish, 'other'))).toContain('already allocated');
    const late = { type: 'NodePort', ports: [{ ...http, nodePort: 30002 }], sessionAffinity: 'nonsense' };
    expect(await message(cluster.create(late, 'other'))).toContain('sessionAffinity');
    expect(await message(cluster.create(internal))).toContain('already exists');
    expect(await cluster.addresses()).toEqual(before);
    expect(await cluster.ports()).toEqual([30001]);
  });

  it('that is only tried takes nothing, and is refused what others have', async () => {
    const cluster = await services();
    const tried = await cluster.create({ type: 'NodePort', ports: [http] }, 'web', true);
    expect(tried.spec.clusterIP).toMatch(/^10\.0\.0\./);
    expect(tried.spec.ports![0]!.nodePort).toBeGreaterThanOrEqual(30000);
    expect(await cluster.addresses()).toEqual([]);
    expect(await cluster.ports()).toEqual([]);
    const spec = { type: 'NodePort', clusterIP: '10.0.0.7', ports: [{ ...http, nodePort: 30001 }] };
    await cluster.create(spec);
    expect(await message(cluster.create(spec, 'other', true))).toContain('provided IP is already allocated');
    expect(await message(cluster.create({ ...spec, clusterIP: undefined }, 'other', true))).toContain(
      'provided port is already allocated',
    );
  });

  it('shares a node port between the protocols of a port', async () => {
    const ports = [
      { ...http, name: 'a' },
      { name: 'b', port: 80, protocol: 'UDP' },
      { name: 'c', port: 81, protocol: 'TCP' },
    ];
    const { spec } = await (await services()).create({ type: 'NodePort', ports });
    expect(spec.ports![0]!.nodePort).toBe(spec.ports![1]!.nodePort);
    expect(spec.ports![2]!.nodePort).not.toBe(spec.ports![0]!.nodePort);
  });

  it('that load balancers ask for its health has a port for that, of the same range', async () => {
    const cluster = await services();
    const spec = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', ports: [http] };
    const made = await cluster.create(spec);
    const { healthCheckNodePort, ports } = made.spec;
    expect(await cluster.ports()).toEqual([ports![0]!.nodePort!, healthCheckNodePort!].sort());
    expect(await message(cluster.create({ ...spec, healthCheckNodePort }, 'other'))).toContain(
      `spec.healthCheckNodePort: Invalid value: ${healthCheckNodePort}: provided port is already allocated`,
    );
    await cluster.remove(made);
    expect(await cluster.ports()).toEqual([]);
  });

  it('without an address, or elsewhere, gets none', async () => {
    const cluster = await services();
    const headless = await cluster.create({ type: 'ClusterIP', clusterIP: 'None', selector: { a: 'b' } }, 'a');
    expect(headless.spec).toMatchObject({ clusterIPs: ['None'], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' });
    expect((await cluster.create({ type: 'ClusterIP', clusterIP: 'None' }, 'b')).spec).toMatchObject({
      ipFamilies: ['IPv4', 'IPv6'],
      ipFamilyPolicy: 'RequireDualStack',
    });
    const elsewhere = await cluster.create({ type: 'ExternalName', externalName: 'example.com' }, 'c');
    expect(elsewhere.spec.clusterIPs).toBeUndefined();
    expect(await cluster.addresses()).toEqual([]);
  });

  it('has an address of both families where the cluster has both', async () => {
    const cluster = await services({ ranges: ['10.0.0.0/24', 'fd00::/112'] });
    const { spec } = await cluster.create({ ...internal, ipFamilyPolicy: 'PreferDualStack' });
    expect(spec.ipFamilies).toEqual(['IPv4', 'IPv6']);
    expect(spec.clusterIPs).toEqual([expect.stringMatching(/^10\./), expect.stringMatching(/^fd00::/)]);
    expect(await cluster.addresses()).toHaveLength(2);
    const first = (await cluster.create({ ...internal, ipFamilies: ['IPv6'] }, 'other')).spec;
    expect(first.clusterIPs).toEqual([expect.stringMatching(/^fd00::/)]);
    const single = await services();
    expect(await message(single.create({ ...internal, ipFamilyPolicy: 'RequireDualStack' }))).toContain(
      'this cluster is not configured for dual-stack services',
    );
    expect(await message(single.create({ ...internal, ipFamilies: ['IPv6'] }))).toContain(
      'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
    );
  });
});

describe('a changed service', () => {
  it('keeps what its author left out', async () => {
    const cluster = await services();
    const old = await cluster.create({ type: 'NodePort', ports: [{ ...http, name: 'a' }] });
    const ports = [
      { ...http, name: 'a' },
      { name: 'b', port: 81, protocol: 'TCP' },
    ];
    const now = await cluster.update(old, { type: 'NodePort', ports });
    expect(now.spec.clusterIP).toBe(old.spec.clusterIP);
    expect(now.spec.ports![0]!.nodePort).toBe(old.spec.ports![0]!.nodePort);
    expect(now.spec.ports![1]!.nodePort).toBeGreaterThanOrEqual(30000);
    expect(await cluster.ports()).toHaveLength(2);
  });

  it('gives back what its new type has no use for', async () => {
    const cluster = await services({ ranges: ['10.0.0.0/30'], ports: '30000-30000' });
    const old = await cluster.create({ type: 'NodePort', clusterIP: '10.0.0.2', ports: [http] });
    const inside = await cluster.update(old, { ...old.spec, type: 'ClusterIP' });
    expect(inside.spec.ports![0]!.nodePort).toBeUndefined();
    const other = await cluster.create({ type: 'NodePort', clusterIP: '10.0.0.1', ports: [http] }, 'other');
    expect(other.spec.ports![0]!.nodePort).toBe(30000);
    const outside = await cluster.update(inside, {
      ...inside.spec,
      type: 'ExternalName',
      externalName: 'example.com',
    });
    expect(outside.spec.clusterIPs).toBeUndefined();
    expect((await cluster.create(internal, 'third')).spec.clusterIP).toBe('10.0.0.2');
  });

  it('cannot take the port of another', async () => {
    const cluster = await services();
    const old = await cluster.create({ type: 'NodePort', ports: [{ ...http, nodePort: 30001 }] });
    await cluster.create({ type: 'NodePort', ports: [{ ...http, nodePort: 30002 }] }, 'other');
    const moving = cluster.update(old, { ...old.spec, ports: [{ ...http, nodePort: 30002 }] });
    expect(await message(moving)).toContain('provided port is already allocated');
    const moved = await cluster.update(old, { ...old.spec, ports: [{ ...http, nodePort: 30003 }] });
    expect(moved.spec.ports![0]!.nodePort).toBe(30003);
    const third = await cluster.create({ type: 'NodePort', ports: [{ ...http, nodePort: 30001 }] }, 'third');
    expect(third.spec.ports![0]!.nodePort).toBe(30001);
  });
});

describe('several API servers', () => {
  it('never give one address or port to two services', async () => {
    const one = await services({ ranges: ['10.0.0.0/26'], ports: '30000-30059' });
    const two = await services({ ranges: ['10.0.0.0/26'], ports: '30000-30059', store: one.store });
    const spec = { type: 'NodePort', ports: [http] };
    const made = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? one : two).create(spec, `s${i}`)),
    );
    expect(new Set(made.map((it) => it.spec.clusterIP)).size).toBe(50);
    expect(new Set(made.map((it) => it.spec.ports![0]!.nodePort)).size).toBe(50);
    expect(await one.ports()).toHaveLength(50);
    await Promise.all(made.map((it, i) => (i % 2 === 0 ? two : one).remove(it)));
    expect(await two.addresses()).toEqual([]);
    expect(await two.ports()).toEqual([]);
  });

  it('give back what another one gave', async () => {
    const one = await services();
    const two = await services({ store: one.store });
    await two.remove(await two.create({ type: 'NodePort', ports: [http] }, 'other'));
    const made = await one.create({ type: 'NodePort', ports: [{ ...http, nodePort: 30005 }] });
    await two.remove(made);
    expect(await one.ports()).toEqual([]);
  });

  it('give what both are asked for at once to one', async () => {
    const one = await services();
    const two = await services({ store: one.store });
    const port = { type: 'NodePort', ports: [{ ...http, nodePort: 30005 }] };
    const asked = await Promise.allSettled([one.create(port, 'a'), two.create(port, 'b')]);
    expect(asked.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const address = { ...internal, clusterIP: '10.0.0.5' };
    const wanted = await Promise.allSettled([one.create(address, 'c'), two.create(address, 'd')]);
    expect(wanted.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('do not take ports of another range for theirs', async () => {
    const one = await services();
    await one.create({ type: 'NodePort', ports: [http] });
    const two = await services({ store: one.store, ports: '31000-31010' });
    expect(await message(two.create({ type: 'NodePort', ports: [http] }, 'other'))).toBe(
      'Internal error occurred: cannot allocate resources of type servicenodeports at this time: the stored range is 30000-30010, that of this server 31000-31010',
    );
  });
});

describe('node ports', () => {
  it('are kept where upstream keeps them, in its form', async () => {
    const cluster = await services();
    await cluster.create({ type: 'NodePort', ports: [{ ...http, nodePort: 30009 }] });
    const { entry } = await cluster.store.get('/registry/ranges/servicenodeports');
    const data = Buffer.from([0b10, 0b0000_0000]).toString('base64');
    expect(JSON.parse(entry!.value.toString())).toMatchObject({
      kind: 'RangeAllocation',
      apiVersion: 'v1',
      range: '30000-30010',
      data,
    });
  });
});

describe('ranges', () => {
  it('must be one, or one of each family', async () => {
    await expect(services({ ranges: [] })).rejects.toThrow('one or two');
    await expect(services({ ranges: ['10.0.0.0/24', '10.1.0.0/24'] })).rejects.toThrow('both IPv4 and IPv6');
  });
});

describe('ServiceCIDRs', () => {
  const declare = async ({ registry }: Awaited<ReturnType<typeof services>>, name: string, cidrs: string[]) => {
    await registry.create(serviceCidr, { metadata: { name, finalizers: ['example.com/stays'] }, spec: { cidrs } });
    await registry.fresh();
    return (status: 'True' | 'False') => sayReady(registry, name, status);
  };
  const sayReady = async (registry: Registry, name: string, status: string) => {
    const condition = { type: 'Ready', status, reason: '', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };
    const change = (it: ServiceCIDR) => ({ ...it, status: { conditions: [condition] } });
    await registry.update(serviceCidr, name, undefined, change, { subresource: 'status' });
    await registry.fresh();
  };
  const at = (clusterIP: string): ServiceSpec => ({ ...internal, clusterIP });

  it('are taken from while they are ready and not being deleted', async () => {
    const cluster = await services();
    const ready = await declare(cluster, 'more', ['10.1.0.0/24']);
    const refused = 'failed to allocate IP 10.1.0.9: the provided network does not match the current range';
    expect(await message(cluster.create(at('10.1.0.9')))).toContain(refused);
    await ready('True');
    expect((await cluster.create(at('10.1.0.9'))).spec.clusterIP).toBe('10.1.0.9');
    expect((await cluster.create(at('10.0.0.9'), 'first')).spec.clusterIP).toBe('10.0.0.9');
    await ready('False');
    expect(await message(cluster.create(at('10.1.0.10'), 'late'))).toContain('does not match the current range');
    await ready('True');
    await cluster.registry.delete(serviceCidr, 'more');
    await cluster.registry.fresh();
    expect(await message(cluster.create(at('10.1.0.10'), 'late'))).toContain('does not match the current range');
    expect(cluster.allocation.covers('10.1.0.9')).toBe(true);
  });

  it('give addresses when the range before them is full', async () => {
    const cluster = await services({ ranges: ['10.0.0.0/30'] });
    for (const name of ['a', 'b']) await cluster.create(internal, name);
    expect(await message(cluster.create(internal, 'c'))).toContain('failed to allocate a serviceIP: range is full');
    await (await declare(cluster, 'more', ['10.1.0.0/30', 'fd00::/112']))('True');
    expect((await cluster.create(internal, 'c')).spec.clusterIP).toMatch(/^10\.1\.0\.[12]$/);
    expect(await cluster.addresses()).toHaveLength(3);
  });

  it('of one address do not give it twice', async () => {
    const cluster = await services();
    await (await declare(cluster, 'part', ['10.0.0.0/28']))('True');
    await cluster.create(at('10.0.0.3'));
    expect(await message(cluster.create(at('10.0.0.3'), 'second'))).toContain('provided IP is already allocated');
  });

  it('stand for the flag from when the one named kubernetes is there', async () => {
    const cluster = await services();
    const ready = await declare(cluster, 'kubernetes', ['10.2.0.0/24']);
    expect((await cluster.create(at('10.2.0.9'))).spec.clusterIP).toBe('10.2.0.9');
    expect(await message(cluster.create(at('10.0.0.9'), 'old'))).toContain('does not match the current range');
    await ready('False');
    expect(await message(cluster.create(internal, 'none'))).toContain('range is full');
  });

  it('without a usable address are left out, and that is said', async () => {
    const failures: string[] = [];
    const cluster = await services({ failed: (what) => failures.push(what) });
    await (await declare(cluster, 'one', ['10.1.0.1/32']))('True');
    expect(failures).toContain('No address can be taken from the ServiceCIDR one');
    expect((await cluster.create(internal)).spec.clusterIP).toMatch(/^10\.0\.0\./);
  });
});
