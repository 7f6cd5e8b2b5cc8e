import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../cluster/cluster.ts';
import { ownCapabilities } from '../host/capabilities.ts';
import { removeCgroup } from '../host/cgroups.ts';
import { CommandError, quoted, run } from '../host/run.ts';
import { debianRoot } from '../images/debian-root.ts';
import { containerdPlace } from '../join/programs.ts';

/** What a command in a machine did. */
export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** A machine of a test's own: Debian with systemd as PID 1, in a container with a network of its own. */
export interface TestMachine {
  /** Its PID 1, as this machine numbers it. */
  pid: number;
  /** A folder the machine sees as /shared. */
  shared: string;
  /** Runs a command in it, whatever comes of it. */
  run(...command: string[]): Promise<Ran>;
  /** Runs `bin/coracle` in it. */
  coracle(...args: string[]): Promise<Ran>;
  /** Runs a command in it that has to succeed; resolves to what it wrote. */
  must(...command: string[]): Promise<string>;
  /** Ends it and removes all of it. */
  close(): Promise<void>;
}

/** Boots a machine; resolves once systemd has. */
export async function startMachine(): Promise<TestMachine> {
  const lower = await debianRoot();
  // Not in memory and not on an overlay: the machine's own layer lies here.
  const base = join(checkout, '.cache/test-machines');
  mkdirSync(base, { recursive: true });
  const folder = mkdtempSync(join(base, 'machine-'));
  const id = `coracle-test-${process.pid}-${Date.now()}`;
  const at = (name: string): string => join(folder, name);
  for (const it of ['upper', 'work', 'rootfs', 'shared', 'state', 'containers']) mkdirSync(at(it));
  writeFileSync(at('config.json'), JSON.stringify(configOf(id, at('rootfs'), at('shared'), at('containers'))));
  const overlay = `lowerdir=${lower},upperdir=${at('upper')},workdir=${at('work')}`;
  const script = `mount -t overlay -o ${quoted(overlay)} overlay ${quoted(at('rootfs'))}
exec runc --root ${quoted(at('state'))} run --detach --bundle ${quoted(folder)} ${id}`;
  const exec = (...command: string[]): Promise<Ran> =>
    new Promise((resolve, reject) => {
      const args = ['--root', at('state'), 'exec', '--env', 'HOME=/root', id, ...command];
      execFile('runc', args, { maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
        if (error && typeof error.code !== 'number') reject(error);
        else resolve({ code: Number(error?.code ?? 0), stdout, stderr });
      });
    });
  const must = async (...command: string[]): Promise<string> => {
    const { code, stdout, stderr } = await exec(...command);
    if (code !== 0) throw new Error(`${command.join(' ')} in the machine ended with ${code}: ${stderr}`);
    return stdout;
  };
  const close = async (): Promise<void> => {
    await run(['runc', '--root', at('state'), 'delete', '--force', id]).catch((error) => {
      if (!(error instanceof CommandError && /does not exist/.test(error.stderr))) throw error;
    });
    if (!(await removeCgroup(`/${id}`))) throw new Error(`the control groups of the machine ${id} stay`);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await inNamespace(script);
    for (let attempt = 0; ; attempt++) {
      const { stdout } = await exec('systemctl', 'is-system-running');
      if (/^(running|degraded)/.test(stdout)) break;
      if (attempt === 300) throw new Error(`systemd has not booted: ${(await exec('systemctl', 'list-jobs')).stdout}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } catch (error) {
    await close();
    throw error;
  }
  const { pid } = JSON.parse(await run(['runc', '--root', at('state'), 'state', id])) as { pid: number };
  return {
    pid,
    shared: at('shared'),
    run: exec,
    coracle: (...args) => exec(join(checkout, 'bin/coracle'), ...args),
    must,
    close,
  };
}

/** The overlay is in a mount namespace that the container inherits, and goes with it. */
function inNamespace(script: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // What the container keeps open must not be a pipe of ours, or we would wait for it to end.
    const child = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-ec', script], { stdio: 'ignore' });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`the machine cannot be made (${code})`))));
  });
}

function configOf(id: string, rootfs: string, shared: string, containers: string): Record<string, unknown> {
  const capabilities = ownCapabilities();
  const tmpfs = (destination: string, ...options: string[]) => ({
    destination,
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'nodev', ...options],
  });
  const bind = (source: string, destination: string, option: string) => ({
    destination,
    type: 'bind',
    source,
    options: ['rbind', option],
  });
  return {
    ociVersion: '1.0.2',
    hostname: 'machine',
    root: { path: rootfs },
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: ['/sbin/init'],
      env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'container=runc'],
      cwd: '/',
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
      { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['newinstance', 'ptmxmode=0666', 'gid=5'] },
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev'] },
      { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['nosuid', 'noexec', 'nodev', 'rw'] },
      tmpfs('/run', 'mode=755'),
      tmpfs('/tmp', 'mode=1777'),
      bind(checkout, checkout, 'ro'),
      bind(shared, '/shared', 'rw'),
      bind(containers, containerdPlace.root, 'rw'),
    ],
    linux: {
      namespaces: ['pid', 'mount', 'uts', 'ipc', 'cgroup', 'network'].map((type) => ({ type })),
      cgroupsPath: `/${id}`,
      rootfsPropagation: 'shared',
      resources: { devices: [{ allow: true, access: 'rwm' }] },
    },
  };
}
