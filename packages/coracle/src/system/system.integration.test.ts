import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeServiceAccountKeys } from '@coracle/process/pki';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildImages } from '../images/build.ts';
import { programRecipes } from '../images/programs.ts';
import { exportsOf, type SystemContainer } from '../images/system-container.ts';
import { type Entry, type Tree, text } from '../images/tree.ts';
import { startMachine, type TestMachine } from '../testing/machine.ts';
import { systemImage } from '../testing/system-image.ts';

let machine: TestMachine;
const registry = '127.0.0.1:5000';

beforeAll(async () => {
  await buildImages({ recipes: programRecipes.filter((it) => ['etcd', 'kube-apiserver'].includes(it.name)) });
  machine = await startMachine();
  copyFileSync('/usr/bin/docker-registry', join(machine.shared, 'docker-registry'));
  await machine.must('cp', '/shared/docker-registry', '/usr/local/bin/');
  const config = {
    version: '0.1',
    storage: { filesystem: { rootdirectory: '/var/lib/registry' } },
    http: { addr: registry },
  };
  await machine.must('sh', '-c', `echo '${JSON.stringify(config)}' > /etc/registry.yml`);
  await machine.must('systemd-run', '--unit=registry', 'docker-registry', 'serve', '/etc/registry.yml');
}, 900_000);
afterAll(() => machine?.close(), 60_000);

/** A container whose program is a shell script, on BusyBox. */
async function scriptImage(version: string, container: SystemContainer, script: string): Promise<void> {
  const shell: Entry = { type: 'file', mode: 0o755, content: readFileSync('/bin/busybox') };
  const folders = [
    'dev',
    'etc/coracle',
    'home',
    'media',
    'mnt',
    'opt',
    'proc',
    'root',
    'run',
    'srv',
    'sys',
    'tmp',
    'var/lib',
  ];
  const mounted = ['etc/hosts', 'etc/resolv.conf', 'usr/lib/os-release'];
  const files: Tree = new Map<string, Entry>([
    ['bin/busybox', shell],
    ['bin/sh', { type: 'symlink', target: 'busybox' }],
    [`usr/bin/${container.name}`, { type: 'file', mode: 0o755, content: Buffer.from(`#!/bin/sh\n${script}\n`) }],
    ...folders.map((it): [string, Entry] => [it, { type: 'directory', mode: 0o755 }]),
    ...mounted.map((it): [string, Entry] => [it, text('')]),
    ['var/cache/coracle', { type: 'directory', mode: 0o755 }],
  ]);
  files.set(`etc/coracle/${container.name}`, { type: 'directory', mode: 0o755 });
  if (container.data) files.set(container.data.slice(1), { type: 'directory', mode: 0o755 });
  const exports = Object.fromEntries(
    [...exportsOf(container)].map(([path, it]) => [
      path.slice('exports/'.length),
      it.type === 'file' ? `${it.content}` : '',
    ]),
  );
  await systemImage(machine.shared, { version, files, exports });
}

const web: SystemContainer = {
  name: 'web',
  user: { uid: 4242, gid: 4242 },
  data: '/var/lib/web',
  node: false,
  health: 'http://127.0.0.1:8080/version',
};
/** The first process of a pid namespace is ended by no signal it does not handle. */
const patient = (work: string) => `trap 'exit 0' TERM; ${work}; while :; do busybox sleep 1000 & wait $!; done`;
const serve = patient('touch /var/lib/web/seen; busybox httpd -p 8080 -h /');
const push = (version: string, tag: string) =>
  machine.coracle('image', 'push', `oci-archive:/shared/${version}.tar`, `${registry}/web:${tag}`, '--plain-http');
const system = (...args: string[]) => machine.coracle('system', ...args, '--plain-http');
/** What the container answers, with no program but the shell's. */
const answer = () =>
  machine.must(
    'bash',
    '-c',
    `exec 3<>/dev/tcp/127.0.0.1/8080; printf 'GET /version HTTP/1.0\\r\\n\\r\\n' >&3; tail -n1 <&3`,
  );
const here = async (test: string): Promise<boolean> => (await machine.run('sh', '-c', test)).code === 0;

describe('on a machine with systemd and runc alone', () => {
  it('an image of a registry is installed as a unit, and runs as its own user', async () => {
    await scriptImage('v1', web, serve);
    expect(await push('v1', 'stable')).toMatchObject({ code: 0 });
    const { code, stdout, stderr } = await system('install', `${registry}/web:stable`, '--set', 'ARGS_FILE=');
    expect([code, stderr]).toEqual([0, expect.stringContaining('web v1 installed, and healthy')]);
    expect(stdout).toMatch(/^127\.0\.0\.1:5000\/web:stable@sha256:/);
    expect(await answer()).toBe('v1');
    expect(await machine.must('systemctl', 'is-enabled', 'web')).toBe('enabled\n');
    expect(await machine.must('stat', '-c', '%u', '/var/lib/web/seen')).toBe('4242\n');
    expect(await machine.must('readlink', '/var/lib/containers/atomic/web')).toBe('web.0\n');
  });

  it('list tells of it, and verify whether its image is still what the registry has', async () => {
    const { stdout } = await system('list');
    expect(stdout).toMatch(
      /^NAME +IMAGE +VERSION +STATE +BACKEND +RUNTIME\nweb +127\.0\.0\.1:5000\/web:stable +v1 +running +runc +runc 1\./,
    );
    expect(JSON.parse((await system('list', '-o', 'json')).stdout)).toMatchObject([{ name: 'web', state: 'running' }]);
    const same = await system('verify');
    expect([same.code, same.stdout]).toEqual([
      0,
      expect.stringMatching(/DIFFERS\nweb +v1 \((\w+)\) +v1 \(\1\) +no\n$/),
    ]);
    await scriptImage('v2', web, serve);
    await push('v2', 'stable');
    const other = await system('verify');
    expect([other.code, other.stdout]).toEqual([
      1,
      expect.stringMatching(/DIFFERS\nweb +v1 \(\w+\) +v2 \(\w+\) +yes\n$/),
    ]);
  });

  it('systemd starts it again when it ends', async () => {
    const pid = (await machine.must('systemctl', 'show', '--value', '--property=MainPID', 'web')).trim();
    await machine.must('runc', 'kill', 'web', 'KILL');
    for (let tried = 0; ; tried++) {
      const { stdout } = await machine.run('systemctl', 'show', '--value', '--property=MainPID', 'web');
      if (!['0', pid].includes(stdout.trim()) && (await here('runc state web | grep -q running'))) break;
      if (tried === 200)
        throw new Error(`web was not started again: ${(await machine.run('systemctl', 'status', 'web')).stdout}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

  it('update brings it to the image the registry has now, and rollback back', async () => {
    const updated = await system('update', 'web');
    expect([updated.code, updated.stderr]).toEqual([0, expect.stringContaining('web v2 runs instead of v1')]);
    expect(await answer()).toBe('v2');
    expect(await machine.must('readlink', '/var/lib/containers/atomic/web')).toBe('web.1\n');
    const rolledBack = await system('rollback', 'web');
    expect([rolledBack.code, rolledBack.stderr]).toEqual([
      0,
      expect.stringMatching(/stopped, switched and started in \d\.\d s/),
    ]);
    expect(await answer()).toBe('v1');
    expect((await system('rollback', 'web')).code).toBe(0);
    expect(await answer()).toBe('v2');
  });

  it('an update that does not become healthy goes back by itself, and shows what the container wrote', async () => {
    await scriptImage('v3', web, 'echo this version is broken; exit 3');
    await push('v3', 'broken');
    const { code, stderr } = await system('update', 'web', `${registry}/web:broken`, '--health-timeout', '3s');
    expect(code).toBe(1);
    expect(stderr).toContain('error: the update to v3 failed, and web v2 runs again\nweb is not healthy: ');
    expect(stderr).toContain('  | this version is broken\n');
    expect(await answer()).toBe('v2');
    expect(await machine.must('readlink', '/var/lib/containers/atomic/web')).toBe('web.1\n');
  });

  it('an installation that does not become healthy leaves nothing', async () => {
    const { code, stderr } = await system(
      'install',
      `${registry}/web:broken`,
      '--name',
      'other',
      '--set',
      'ARGS_FILE=',
      '--health-timeout',
      '2s',
    );
    expect([code, stderr]).toEqual([1, expect.stringContaining('error: other is not healthy: ')]);
    expect(
      await machine.must('sh', '-c', 'ls /etc/systemd/system /etc/tmpfiles.d /var/lib/containers/atomic; runc list -q'),
    ).not.toContain('other');
    expect(await here('systemctl cat other')).toBe(false);
  });

  it('uninstall removes all of it but its data', async () => {
    const { code, stderr } = await system('uninstall', 'web');
    expect([code, stderr]).toEqual([0, expect.stringContaining('its data stays: /var/lib/web')]);
    for (const it of [
      '/etc/systemd/system/web.service',
      '/etc/tmpfiles.d/web.conf',
      '/var/lib/containers/atomic',
      '/run/runc/web',
    ])
      expect([it, await here(`test -e ${it}`)]).toEqual([it, false]);
    expect(await machine.must('find', '/sys/fs/cgroup', '-name', 'coracle-system')).toBe('');
    expect(await here('systemctl is-active web')).toBe(false);
    expect(await here('test -e /var/lib/web/seen')).toBe(true);
  });

  it("--purge removes its data, but nothing of others' that is mounted there", async () => {
    await system('install', `${registry}/web:stable`, '--set', 'ARGS_FILE=');
    await machine.must(
      'sh',
      '-c',
      'mkdir -p /var/lib/web/m && mount -t tmpfs t /var/lib/web/m && touch /var/lib/web/m/precious',
    );
    const { code, stderr } = await system('uninstall', 'web', '--purge');
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('/var/lib/web/m is mounted, so the data around it stays'),
    ]);
    expect(await here('test -e /var/lib/web/m/precious')).toBe(true);
    await machine.must('umount', '/var/lib/web/m');
    await system('install', `${registry}/web:stable`, '--set', 'ARGS_FILE=');
    expect((await system('uninstall', 'web', '--purge')).code).toBe(0);
    expect(await here('test -e /var/lib/web')).toBe(false);
  });

  it('what a container that works on the machine mounts is there for the machine', async () => {
    const agent: SystemContainer = {
      name: 'agent',
      reach: 'machine',
      data: '/var/lib/agent',
      node: false,
      health: 'exec:/bin/busybox test -e /var/lib/agent/m/ready',
    };
    const script = patient(
      'busybox mkdir -p /var/lib/agent/m; busybox mount -t tmpfs t /var/lib/agent/m; echo > /var/lib/agent/m/ready',
    );
    await scriptImage('v9', agent, script);
    const { code, stderr } = await machine.coracle(
      'system',
      'install',
      'oci-archive:/shared/v9.tar',
      '--name',
      'agent',
      '--set',
      'ARGS_FILE=',
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining('agent v9 installed, and healthy')]);
    expect(await here('test -e /var/lib/agent/m/ready')).toBe(true);
    await machine.must('sh', '-c', 'mkdir -p /srv/late && mount -t tmpfs t /srv/late && touch /srv/late/seen');
    expect((await machine.run('runc', 'exec', 'agent', '/bin/busybox', 'test', '-e', '/srv/late/seen')).code).toBe(0);
    await machine.must('umount', '/srv/late');
    expect((await machine.coracle('system', 'uninstall', 'agent')).code).toBe(0);
    expect(await machine.must('sh', '-c', 'mount | grep -c containers/atomic || true')).toBe('0\n');
  });

  it('etcd and kube-apiserver run from their own images', async () => {
    const keys = await makeServiceAccountKeys();
    const put = (path: string, content: string) =>
      machine.must('sh', '-c', `mkdir -p $(dirname ${path}); umask 077; cat > ${path} <<'E'\n${content}\nE`);
    await put('/etc/coracle/etcd/args', '# where its data are\n--data-dir=/var/lib/etcd');
    expect(await machine.coracle('system', 'install', 'etcd')).toMatchObject({ code: 0 });
    const etc = '/etc/coracle/kube-apiserver';
    await put(`${etc}/sa.key`, keys.privateKey);
    await put(`${etc}/sa.pub`, keys.publicKey);
    const flags = {
      'etcd-servers': 'http://127.0.0.1:2379',
      'service-account-issuer': 'https://kubernetes.default.svc',
      'service-account-key-file': `${etc}/sa.pub`,
      'service-account-signing-key-file': `${etc}/sa.key`,
      'service-cluster-ip-range': '10.96.0.0/16',
    };
    await put(
      `${etc}/args`,
      Object.entries(flags)
        .map(([name, value]) => `--${name}=${value}`)
        .join('\n'),
    );
    expect(await machine.coracle('system', 'install', 'kube-apiserver')).toMatchObject({ code: 0 });
    const processes = await machine.must('ps', '-eo', 'uid,comm');
    expect(processes).toMatch(/^ *61001 etcd$/m);
    expect(processes).toMatch(/^ *61002 /m);
    const { stdout } = await machine.coracle('system', 'list');
    expect(stdout).toMatch(/^etcd +coracle\.local\/etcd:v1\.36\.0 +v1\.36\.0 +running/m);
    expect(stdout).toMatch(/^kube-apiserver +coracle\.local\/kube-apiserver:v1\.36\.0 +v1\.36\.0 +running/m);
    for (const it of ['kube-apiserver', 'etcd'])
      expect((await machine.coracle('system', 'uninstall', it)).code).toBe(0);
  });
});
