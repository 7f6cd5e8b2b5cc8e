import { describe, expect, it } from '@jest/globals';
import type { NodeSpec } from '../driver.ts';
import { runtimeConfig } from './config.ts';

const spec: NodeSpec = {
  cluster: 'dev',
  name: 'dev-1',
  address: '172.30.0.2',
  prefixLength: 24,
  gateway: '172.30.0.1',
  bridge: 'cor-dev',
  folder: '/data/nodes/dev-1',
  runtime: '/run/coracle/dev/dev-1',
  mounts: [
    { source: '/root/checkout', target: '/root/checkout', readonly: true },
    { source: '/data/nodes/dev-1/var', target: '/var', readonly: false },
    { source: '/data/nodes/dev-1/etc', target: '/etc/coracle', readonly: true },
  ],
  lower: '/',
  files: {},
  stopSignal: 15,
  command: ['/bin/sh', 'pid1.sh'],
};

interface Config {
  mounts: { destination: string; type: string; source: string; options?: string[] }[];
  process: { args: string[]; capabilities: Record<string, string[]> };
  linux: { cgroupsPath: string; readonlyPaths: string[]; namespaces: { type: string }[]; rootfsPropagation: string };
}

const config = runtimeConfig(spec, '/rootfs', {
  capabilities: ['CAP_CHOWN'],
  devices: [],
  parts: ['/usr'],
}) as unknown as Config;
const at = (destination: string) => config.mounts.findIndex((it) => it.destination === destination);

describe('the container of a node', () => {
  it('has namespaces of its own and only the capabilities the host has', () => {
    expect(config.linux.namespaces.map((it) => it.type).sort()).toEqual([
      'cgroup',
      'ipc',
      'mount',
      'network',
      'pid',
      'uts',
    ]);
    expect(config.process.capabilities).toEqual({
      bounding: ['CAP_CHOWN'],
      effective: ['CAP_CHOWN'],
      permitted: ['CAP_CHOWN'],
    });
    expect(config.linux.cgroupsPath).toBe('/coracle/dev/dev-1');
  });

  it("sees nothing of users' files, and the checkout read-only even when it lies among them", () => {
    expect(config.mounts[at('/root')]?.type).toBe('tmpfs');
    expect(config.mounts[at('/home')]?.type).toBe('tmpfs');
    expect(at('/root/checkout')).toBeGreaterThan(at('/root'));
    expect(config.mounts[at('/root/checkout')]?.options).toContain('ro');
    expect(config.mounts[at('/var')]).toMatchObject({
      source: '/data/nodes/dev-1/var',
      options: expect.arrayContaining(['rw']),
    });
  });

  it("cannot change the host's kernel settings", () => {
    expect(config.linux.readonlyPaths).toContain('/proc/sys');
  });

  it('has the parts of the system that are file systems of their own', () => {
    expect(config.mounts[at('/usr')]).toMatchObject({
      type: 'bind',
      source: '/usr',
      options: expect.arrayContaining(['ro']),
    });
  });
});
