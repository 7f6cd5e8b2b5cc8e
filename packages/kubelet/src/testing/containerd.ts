import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type CriClient, connectCri } from '../cri/client.ts';
import { writeBusyboxImage } from './oci-image.ts';

const run = promisify(execFile);

/** A containerd of a test's own, in mount and network namespaces of its own: what it mounts and links ends with it. */
export interface TestContainerd {
  /** A temporary folder that both the test and the processes inside see. */
  readonly folder: string;
  readonly endpoint: string;
  readonly cri: CriClient;
  /** The cgroup below which pods should be, of this test alone. */
  readonly cgroupRoot: string;
  /** Starts a process inside the namespaces. */
  spawn(command: string, args: string[], options?: { env?: NodeJS.ProcessEnv; logFile?: string }): ChildProcess;
  /** Runs a command inside the namespaces and returns its stdout. */
  exec(command: string, ...args: string[]): Promise<string>;
  /** Kills containerd without notice and starts it again; containers live on. */
  restart(whileAway?: () => Promise<void>): Promise<void>;
  logs(): string;
  stop(): Promise<void>;
}

/** The images every test containerd holds: busybox with a shell as command, one whose user is a name, and one whose user is a number. */
export const testImage = 'docker.io/library/busybox:1.0';
export const namedUserImage = 'docker.io/library/busybox-guest:1.0';
const pauseImage = 'registry.k8s.io/pause:test';

/** Starts containerd with the bridge network 10.88.0.0/24 and the test images. */
export async function startContainerd(): Promise<TestContainerd> {
  const folder = mkdtempSync(join(tmpdir(), 'kubelet-test-'));
  const socket = join(folder, 'containerd.sock');
  const logFile = join(folder, 'containerd.log');
  const id = randomBytes(4).toString('hex');
  writeConfig(folder, socket);

  // The holder keeps the namespaces while containerd restarts. Its /var and /run are its own.
  const holder = spawn('unshare', ['--mount', '--net', '--propagation', 'slave', 'sh', '-ec', inside(folder)], {
    stdio: ['ignore', 'pipe', openSync(logFile, 'a')],
  });
  await new Promise<void>((resolve, reject) => {
    holder.stdout?.once('data', () => resolve());
    holder.once('exit', (code) =>
      reject(new Error(`namespaces were not made (${code}): ${readFileSync(logFile, 'utf8')}`)),
    );
  });
  const enter = ['-t', String(holder.pid), '-m', '-n'];
  const spawnInside: TestContainerd['spawn'] = (command, args, options = {}) => {
    const out = options.logFile ? openSync(options.logFile, 'a') : 'ignore';
    return spawn('nsenter', [...enter, command, ...args], {
      stdio: ['ignore', out, out],
      env: options.env ?? process.env,
    });
  };
  const exec: TestContainerd['exec'] = async (command, ...args) =>
    (await run('nsenter', [...enter, command, ...args], { maxBuffer: 64 << 20 })).stdout;

  const cri = connectCri(socket, { timeout: 60_000 });
  const boot = async (): Promise<ChildProcess> => {
    const child = spawnInside('containerd', ['--config', join(folder, 'config.toml')], { logFile });
    const deadline = Date.now() + 30_000;
    while (
      !(await cri.runtime.version({ version: 'v1' }).then(
        () => true,
        () => false,
      ))
    ) {
      if (Date.now() > deadline) throw new Error(`containerd did not start: ${readFileSync(logFile, 'utf8')}`);
      await sleep(20);
    }
    return child;
  };
  let containerd = await boot();
  for (const [name, config] of [
    [pauseImage, { Entrypoint: ['/bin/sleep', 'infinity'] }],
    [testImage, { Cmd: ['/bin/sh'] }],
    [namedUserImage, { Cmd: ['/bin/sh'], User: 'guest' }],
  ] as const) {
    const archive = join(folder, 'image.tar');
    writeBusyboxImage(archive, name, {
      ...config,
      Entrypoint: 'Entrypoint' in config ? [...config.Entrypoint] : undefined,
      Cmd: 'Cmd' in config ? [...config.Cmd] : undefined,
    });
    await exec('ctr', '-a', socket, '-n', 'k8s.io', 'images', 'import', archive);
    rmSync(archive);
  }

  return {
    folder,
    endpoint: `unix://${socket}`,
    cri,
    cgroupRoot: `/kubelet-test-${id}`,
    spawn: spawnInside,
    exec,
    logs: () => readFileSync(logFile, 'utf8'),
    async restart(whileAway) {
      await ended(containerd, 'SIGKILL');
      await whileAway?.();
      containerd = await boot();
    },
    async stop() {
      const { items } = await cri.runtime.listPodSandbox({});
      for (const sandbox of items) {
        await cri.runtime.stopPodSandbox({ podSandboxId: sandbox.id });
        await cri.runtime.removePodSandbox({ podSandboxId: sandbox.id });
      }
      cri.close();
      await ended(containerd, 'SIGTERM');
      await endAllInside(holder);
      removeCgroups(`kubelet-test-${id}`);
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

/** What the holder does in its new namespaces before it waits. */
function inside(folder: string): string {
  mkdirSync(join(folder, 'var'));
  mkdirSync(join(folder, 'var.work'));
  return `
    mount --make-rshared /
    mount -t tmpfs tmpfs /run
    mount -t overlay -o lowerdir=/var,upperdir=${folder}/var,workdir=${folder}/var.work overlay /var
    ip link set lo up
    echo ready
    exec sleep infinity`;
}

function writeConfig(folder: string, socket: string): void {
  mkdirSync(join(folder, 'cni'));
  writeFileSync(
    join(folder, 'config.toml'),
    `version = 2
root = "${folder}/root"
state = "${folder}/state"
[grpc]
  address = "${socket}"
[ttrpc]
  address = "${socket}.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
`,
  );
  const bridge = {
    type: 'bridge',
    bridge: 'cni0',
    isGateway: true,
    hairpinMode: true,
    ipam: {
      type: 'host-local',
      ranges: [[{ subnet: '10.88.0.0/24' }]],
      routes: [{ dst: '0.0.0.0/0' }],
      dataDir: `${folder}/ipam`,
    },
  };
  writeFileSync(
    join(folder, 'cni/10-bridge.conflist'),
    JSON.stringify({
      cniVersion: '0.4.0',
      name: 'test',
      plugins: [bridge, { type: 'portmap', capabilities: { portMappings: true } }],
    }),
  );
}

/** Ends a child and waits for it. */
export async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  await exit;
}

/** Ends every process in the holder's mount namespace: the shims, and whatever a failed test left. */
async function endAllInside(holder: ChildProcess): Promise<void> {
  const namespace = readlinkSync(`/proc/${holder.pid}/ns/mnt`);
  const deadline = Date.now() + 20_000;
  for (;;) {
    const left = readdirSync('/proc').filter((pid) => {
      try {
        return /^\d+$/.test(pid) && Number(pid) !== holder.pid && readlinkSync(`/proc/${pid}/ns/mnt`) === namespace;
      } catch (error) {
        if (['ENOENT', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
        throw error;
      }
    });
    for (const pid of left) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
    if (left.length === 0) break;
    if (Date.now() > deadline) throw new Error(`processes ${left.join(', ')} do not end`);
    await sleep(50);
  }
  await ended(holder, 'SIGKILL');
}

/** Removes the empty cgroups a test left, in every hierarchy. */
function removeCgroups(name: string): void {
  const base = '/sys/fs/cgroup';
  for (const hierarchy of ['', ...readdirSync(base)]) {
    const root = join(base, hierarchy, name);
    if (existsSync(root)) removeTree(root);
  }
}

function removeTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeTree(join(folder, entry.name));
  rmdirSync(folder);
}
