import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readExports } from '../system/exports.ts';
import { type Rendered, render } from '../system/render.ts';
import { exportsOf, type SystemContainer } from './system-container.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'coracle-exports-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

interface Config {
  process: { args: string[]; env: string[]; user: unknown; capabilities: Record<string, string[]> };
  mounts: { destination: string; options?: string[] }[];
  linux: { namespaces: { type: string }[]; rootfsPropagation?: string; readonlyPaths?: string[] };
}

/** What is installed of a program with these settings, its arguments being `--flag`. */
function rendered(container: SystemContainer, settings: Record<string, string> = {}): Rendered & { json: Config } {
  for (const [path, entry] of exportsOf(container)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (entry.type === 'file') writeFileSync(join(root, path), entry.content);
  }
  mkdirSync(join(root, 'etc/coracle', container.name), { recursive: true });
  writeFileSync(join(root, 'etc/coracle', container.name, 'args'), '--flag\n');
  const made = render({
    place: { root, base: '/base' },
    name: container.name,
    slot: 1,
    image: { reference: 'example/x:1', digest: 'sha256:0' },
    exports: readExports(root, 'example/x:1'),
    settings,
  });
  return { ...made, json: JSON.parse(made.config) as Config };
}

const store: SystemContainer = {
  name: 'store',
  user: { uid: 7, gid: 8, capabilities: ['CAP_NET_BIND_SERVICE'] },
  data: '/var/lib/store',
  health: 'tcp://127.0.0.1:1',
};

describe('a program of an ordinary user', () => {
  it('runs as that user with the capabilities it needs, and sees no more than it needs', () => {
    const { json } = rendered(store);
    expect(json.process).toMatchObject({ args: ['/usr/bin/store', '--flag'], user: { uid: 7, gid: 8 } });
    for (const it of ['bounding', 'permitted', 'effective', 'inheritable', 'ambient'])
      expect(json.process.capabilities[it]).toEqual(['CAP_NET_BIND_SERVICE']);
    expect(json.linux.namespaces.map((it) => it.type)).toEqual(['mount', 'pid', 'ipc']);
    expect(json.linux.readonlyPaths).toContain('/proc/sys');
    const shown = json.mounts.map((it) => it.destination);
    expect(shown.filter((it) => !/^\/(proc|dev|tmp|sys)/.test(it))).toEqual([
      '/etc/coracle/store',
      '/etc/hosts',
      '/etc/resolv.conf',
      '/var/cache/coracle/store',
      '/var/lib/store',
    ]);
  });

  it('owns its data, and what is put into its configuration', () => {
    const { tmpfiles, dataFolders } = rendered(store, { DATA: '/srv/store' });
    expect(tmpfiles).toContain('Z /etc/coracle/store - 7 8 -\n');
    expect(tmpfiles).toContain('d /srv/store 0700 7 8 -\n');
    expect(dataFolders).toEqual(['/srv/store']);
  });

  it('is run by its own deployment, whichever is current', () => {
    const { unit } = rendered(store, { AFTER: 'a.service' });
    expect(unit).toContain('ExecStart=runc run --bundle /base/store.1 store\n');
    expect(unit).toContain('After=a.service\n');
    expect(unit).toContain('ExecStartPre=systemd-tmpfiles --create /base/store.1/tmpfiles.conf\n');
  });

  it('has its health and memory set', () => {
    const { health, json } = rendered(store, { HEALTH: 'https://x/', HEALTH_AUTHORITY: '/ca', NODE_OPTIONS: '--a=1' });
    expect(health).toEqual({ check: 'https://x/', authority: '/ca', timeoutSeconds: 60 });
    expect(json.process.env).toContain('NODE_OPTIONS=--a=1');
    const own = rendered({ ...store, environment: { B: 'c' } }).json.process.env;
    expect(own).toEqual([...rendered(store).json.process.env, 'B=c']);
  });
});

describe('a program that works on the machine', () => {
  it('sees its processes and folders, and its mounts are seen', () => {
    const { json, unit } = rendered({ name: 'kubelet', reach: 'machine', data: '/var/lib/kubelet', health: '' });
    expect(json.linux).toMatchObject({ namespaces: [{ type: 'mount' }], rootfsPropagation: 'rshared' });
    expect(json.mounts.find((it) => it.destination === '/var')?.options).toContain('rshared');
    expect(json.process.capabilities['bounding']).toContain('CAP_SYS_ADMIN');
    expect(unit).toContain('ExecStartPre=mount --bind /base/kubelet.1/rootfs /base/kubelet.1/rootfs\n');
  });

  it('or on its network only: that sees /run, and may set what the kernel has of the network', () => {
    const { json } = rendered({ name: 'proxy', reach: 'network', health: '' });
    expect(json.linux.readonlyPaths).toBeUndefined();
    expect(json.mounts.map((it) => it.destination)).toContain('/run');
    expect(json.mounts.map((it) => it.destination)).not.toContain('/var');
  });
});
