import type { Capability } from '../../host/capabilities.ts';
import type { Device } from '../../host/devices.ts';
import type { NodeIdentity, NodeMount, NodeSpec } from '../driver.ts';

/** What the host gives a node, found by looking at it. */
export interface HostFacts {
  capabilities: readonly Capability[];
  devices: readonly Device[];
  /** Mount points of other file systems that belong to the host's root, such as a /usr of its own. */
  parts: readonly string[];
}

/** Where a node's control groups are, in every hierarchy. */
export const cgroupOf = (node: NodeIdentity): string => `/coracle/${node.cluster}/${node.name}`;

/** What the notes of a node's container call the signal that stops it in order. */
export const stopSignal = 'dev.coracle.stop-signal';

/** Folders of the host's root that a node has of its own and empty: other people's files, and what does not outlive a boot. */
const emptied = ['/home', '/root', '/mnt', '/media', '/srv', '/tmp'];

/** The OCI runtime configuration of a node: a container with all that a machine may do, in namespaces of its own. */
export function runtimeConfig(spec: NodeSpec, rootfs: string, host: HostFacts): Record<string, unknown> {
  const capabilities = [...host.capabilities];
  return {
    ociVersion: '1.0.2',
    hostname: spec.name,
    annotations: { [stopSignal]: String(spec.stopSignal) },
    root: { path: rootfs, readonly: false },
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: spec.command,
      env: [
        'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        'HOME=/root',
        'LC_ALL=C.UTF-8',
        'container=runc',
      ],
      cwd: '/',
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      tmpfs('/dev', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
      },
      tmpfs('/dev/shm', ['nosuid', 'nodev', 'mode=1777']),
      { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev'] },
      {
        destination: '/sys/fs/cgroup',
        type: 'cgroup',
        source: 'cgroup',
        options: ['nosuid', 'noexec', 'nodev', 'relatime', 'rw'],
      },
      ...host.parts.map((it) => bind(it, it, true)),
      tmpfs('/run', ['nosuid', 'nodev', 'mode=755']),
      ...emptied.map((it) => tmpfs(it, ['nosuid', 'nodev', it === '/tmp' ? 'mode=1777' : 'mode=755'])),
      ...ordered(spec.mounts).map((it) => bind(it.source, it.target, it.readonly)),
      bind(spec.runtime, '/run/coracle', false),
    ],
    linux: {
      namespaces: ['pid', 'mount', 'uts', 'ipc', 'cgroup', 'network'].map((type) => ({ type })),
      cgroupsPath: cgroupOf(spec),
      rootfsPropagation: 'shared',
      devices: host.devices,
      // Settings of the kernel that no namespace holds belong to the host: a node may only read them. (What is below
      // /proc/sys/net is the node's own; its supervisor makes that writable again.)
      readonlyPaths: ['/proc/sys', '/proc/sysrq-trigger'],
      resources: { devices: [{ allow: true, access: 'rwm' }] },
    },
  };
}

/** Outer folders first, so that none hides one mounted before. */
function ordered(mounts: readonly NodeMount[]): NodeMount[] {
  return [...mounts].sort((a, b) => a.target.split('/').length - b.target.split('/').length);
}

function bind(source: string, destination: string, readonly: boolean): Record<string, unknown> {
  return { destination, type: 'bind', source, options: ['rbind', readonly ? 'ro' : 'rw', 'rprivate'] };
}

function tmpfs(destination: string, options: string[]): Record<string, unknown> {
  return { destination, type: 'tmpfs', source: 'tmpfs', options };
}
