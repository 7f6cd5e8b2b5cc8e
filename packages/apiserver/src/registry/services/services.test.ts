import { clone } from '@coracle/api/meta/object';
import type { StatusError } from '@coracle/api/meta/status';
import type { Service, ServiceSpec } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import type { WriteContext } from '../strategy.ts';
import { ServiceAllocation } from './hooks.ts';

const context = { subresource: '' } as WriteContext;
let uids = 0;

/** An allocation and what the API server does with its hooks. */
function services(options: { ranges?: string[]; ports?: string } = {}) {
  const allocation = new ServiceAllocation({
    clusterIpRanges: options.ranges ?? ['10.0.0.0/24'],
    nodePortRange: options.ports ?? '30000-30010',
  });
  const { hooks } = allocation;
  return {
    allocation,
    create(spec: ServiceSpec, name = 'web'): Service {
      const service: Service = { metadata: { name, namespace: 'default', uid: `u${uids++}` }, spec: clone(spec) };
      void hooks.beforeCreate?.(service, context);
      return service;
    },
    update(old: Service, spec: ServiceSpec): Service {
      const service: Service = { metadata: old.metadata, spec: clone(spec) };
      void hooks.beforeUpdate?.(service, old, context);
      void hooks.afterUpdate?.(service, old, context);
      return service;
    },
    remove: (service: Service) => hooks.afterDelete?.(service, context),
  };
}

const http = { port: 80, protocol: 'TCP' };
const message = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    return (error as StatusError).message;
  }
  return '';
};

describe('a service', () => {
  it('gets an address of its own, and gives it back', () => {
    const it = services({ ranges: ['10.0.0.0/29'] });
    const made = Array.from({ length: 6 }, (_, i) => it.create({ type: 'ClusterIP', ports: [http] }, `s${i}`));
    expect(new Set(made.map(({ spec }) => spec.clusterIP)).size).toBe(6);
    expect(made[0]!.spec).toMatchObject({
      clusterIPs: [made[0]!.spec.clusterIP],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
    });
    expect(message(() => it.create({ type: 'ClusterIP' }))).toBe(
      'Internal error occurred: failed to allocate a serviceIP: range is full',
    );
    void it.remove(made[2]!);
    expect(it.create({ type: 'ClusterIP' }).spec.clusterIP).toBe(made[2]!.spec.clusterIP);
  });

  it('gets the address and port it asks for, when nobody has them', () => {
    const it = services();
    const spec = { type: 'NodePort', clusterIP: '10.0.0.7', ports: [{ ...http, nodePort: 30001 }] };
    expect(it.create(spec).spec).toMatchObject({ clusterIPs: ['10.0.0.7'], ports: [{ nodePort: 30001 }] });
    expect(message(() => it.create(spec, 'other'))).toBe(
      'Service "other" is invalid: spec.clusterIPs: Invalid value: ["10.0.0.7"]: failed to allocate IP 10.0.0.7: provided IP is already allocated',
    );
    expect(message(() => it.create({ ...spec, clusterIP: undefined }, 'other'))).toBe(
      'Service "other" is invalid: spec.ports[0].nodePort: Invalid value: 30001: provided port is already allocated',
    );
    expect(message(() => it.create({ type: 'ClusterIP', clusterIP: '10.1.0.1' }, 'other'))).toContain(
      'the provided IP (10.1.0.1) is not in the valid range. The range of valid IPs is 10.0.0.0/24',
    );
    expect(it.create({ type: 'ClusterIP', clusterIP: '10.0.0.8' }).spec.clusterIP).toBe('10.0.0.8');
  });

  it('that is refused leaves nothing allocated', () => {
    const it = services();
    it.create({ type: 'NodePort', ports: [{ ...http, nodePort: 30001 }] });
    const clusterIP = '10.0.0.9';
    expect(message(() => it.create({ type: 'NodePort', clusterIP, ports: [{ ...http, nodePort: 30001 }] }))).not.toBe(
      '',
    );
    expect(it.create({ type: 'ClusterIP', clusterIP }).spec.clusterIP).toBe(clusterIP);
  });

  it('shares a node port between the protocols of a port', () => {
    const ports = [http, { port: 80, protocol: 'UDP' }, { port: 81, protocol: 'TCP' }];
    const { spec } = services().create({ type: 'NodePort', ports });
    expect(spec.ports![0]!.nodePort).toBe(spec.ports![1]!.nodePort);
    expect(spec.ports![2]!.nodePort).not.toBe(spec.ports![0]!.nodePort);
  });

  it('without an address, or elsewhere, gets none', () => {
    const it = services();
    expect(it.create({ type: 'ClusterIP', clusterIP: 'None', selector: { a: 'b' } }).spec).toMatchObject({
      clusterIPs: ['None'],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
    });
    expect(it.create({ type: 'ClusterIP', clusterIP: 'None' }).spec).toMatchObject({
      ipFamilies: ['IPv4', 'IPv6'],
      ipFamilyPolicy: 'RequireDualStack',
    });
    expect(it.create({ type: 'ExternalName', externalName: 'example.com' }).spec.clusterIPs).toBeUndefined();
  });

  it('has an address of both families where the cluster has both', () => {
    const it = services({ ranges: ['10.0.0.0/24', 'fd00::/112'] });
    const { spec } = it.create({ type: 'ClusterIP', ipFamilyPolicy: 'PreferDualStack' });
    expect(spec.ipFamilies).toEqual(['IPv4', 'IPv6']);
    expect(spec.clusterIPs).toEqual([expect.stringMatching(/^10\./), expect.stringMatching(/^fd00::/)]);
    const first = it.create({ type: 'ClusterIP', ipFamilies: ['IPv6'] }).spec;
    expect(first.clusterIPs).toEqual([expect.stringMatching(/^fd00::/)]);
    expect(message(() => services().create({ type: 'ClusterIP', ipFamilyPolicy: 'RequireDualStack' }))).toContain(
      'this cluster is not configured for dual-stack services',
    );
    expect(message(() => services().create({ type: 'ClusterIP', ipFamilies: ['IPv6'] }))).toContain(
      'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
    );
  });
});

describe('a changed service', () => {
  it('keeps what its author left out', () => {
    const it = services();
    const old = it.create({ type: 'NodePort', ports: [http] });
    const now = it.update(old, { type: 'NodePort', ports: [http, { port: 81, protocol: 'TCP' }] });
    expect(now.spec.clusterIP).toBe(old.spec.clusterIP);
    expect(now.spec.ports![0]!.nodePort).toBe(old.spec.ports![0]!.nodePort);
    expect(now.spec.ports![1]!.nodePort).toBeGreaterThanOrEqual(30000);
  });

  it('gives back what its new type has no use for', () => {
    const it = services({ ranges: ['10.0.0.0/30'], ports: '30000-30000' });
    const old = it.create({ type: 'NodePort', clusterIP: '10.0.0.2', ports: [http] });
    const inside = it.update(old, { ...old.spec, type: 'ClusterIP' });
    expect(inside.spec.ports![0]!.nodePort).toBeUndefined();
    expect(it.create({ type: 'NodePort', clusterIP: '10.0.0.1', ports: [http] }).spec.ports![0]!.nodePort).toBe(30000);
    const outside = it.update(inside, { ...inside.spec, type: 'ExternalName', externalName: 'example.com' });
    expect(outside.spec.clusterIPs).toBeUndefined();
    expect(it.create({ type: 'ClusterIP' }).spec.clusterIP).toBe('10.0.0.2');
  });

  it('cannot take the port of another', () => {
    const it = services();
    const old = it.create({ type: 'NodePort', ports: [{ ...http, nodePort: 30001 }] });
    it.create({ type: 'NodePort', ports: [{ ...http, nodePort: 30002 }] });
    expect(message(() => it.update(old, { ...old.spec, ports: [{ ...http, nodePort: 30002 }] }))).toContain(
      'provided port is already allocated',
    );
    const moved = it.update(old, { ...old.spec, ports: [{ ...http, nodePort: 30003 }] });
    expect(moved.spec.ports![0]!.nodePort).toBe(30003);
    expect(it.create({ type: 'NodePort', ports: [{ ...http, nodePort: 30001 }] }).spec.ports![0]!.nodePort).toBe(30001);
  });
});

describe('ranges', () => {
  it('must be one, or one of each family', () => {
    expect(() => services({ ranges: [] })).toThrow('one or two');
    expect(() => services({ ranges: ['10.0.0.0/24', '10.1.0.0/24'] })).toThrow('both IPv4 and IPv6');
    expect(services().allocation.kubernetesIp).toBe('10.0.0.1');
  });
});
