import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { hostLinkName } from '../../cluster/names.ts';
import { Failure, fail } from '../../failure.ts';
import { type Capability, ownCapabilities } from '../../host/capabilities.ts';
import { removeCgroup } from '../../host/cgroups.ts';
import { hostDevices } from '../../host/devices.ts';
import { removeLink } from '../../host/links.ts';
import { hostMounts, partsOfRoot } from '../../host/mounts.ts';
import { gone, identify } from '../../host/processes.ts';
import { CommandError, quoted, run } from '../../host/run.ts';
import type { NodeDriver, NodeIdentity, NodeSpec } from '../driver.ts';
import { joinNode } from '../network.ts';
import { cgroupOf, runtimeConfig, stopSignal } from './config.ts';
import { mountRootScript, prepareUpper } from './rootfs.ts';

/**
 * Nodes as containers of runc. The root is an overlay over the host's own, mounted in a mount namespace of the node's own: the host's mount
 * table never shows it, and it is gone with the node's last process however that ends. The same holds for the node's network namespace.
 */
export const runcDriver: NodeDriver = {
  async check() {
    const missing = needed.filter((it) => !ownCapabilities().includes(it));
    if (missing.length > 0) {
      fail(`this process is root without ${missing.join(', ')}, which nodes need`, {
        next: 'In a container, start that with --privileged.',
      });
    }
    await run(['runc', '--version']).catch((cause) =>
      fail('runc does not run on this machine', { cause, next: 'npm start sets it up.' }),
    );
  },

  async start(spec) {
    const files = place(spec);
    await this.clean(spec);
    for (const folder of [files.rootfs, files.bundle, files.state]) mkdirSync(folder, { recursive: true, mode: 0o711 });
    await prepareUpper(spec);
    const config = runtimeConfig(spec, files.rootfs, {
      capabilities: ownCapabilities(),
      devices: hostDevices(),
      parts: spec.lower === '/' ? partsOfRoot(hostMounts()) : [],
    });
    writeFileSync(join(files.bundle, 'config.json'), JSON.stringify(config));
    try {
      const pid = await create(spec);
      await joinNode(pid, { ...spec, hostLink: hostLinkName(spec.cluster, spec.name) });
      await runc(spec, ['start', spec.name]);
      return { pid };
    } catch (error) {
      await this.clean(spec);
      throw error;
    }
  },

  async find(spec) {
    const state = await stateOf(spec);
    return state && state.status !== 'stopped' && identify(state.pid) ? { pid: state.pid } : undefined;
  },

  async stop(spec, patience) {
    const node = await this.find(spec);
    const identity = node && identify(node.pid);
    let bySelf = true;
    if (identity) {
      await runc(spec, ['kill', spec.name, await stopSignalOf(spec)]);
      bySelf = await gone([identity], patience);
    }
    await this.clean(spec);
    return bySelf;
  },

  async clean(spec) {
    const state = await stateOf(spec);
    const identity = state && identify(state.pid);
    if (state) {
      await runc(spec, ['delete', '--force', spec.name]);
      if (identity && !(await gone([identity], 10_000))) {
        fail(`node ${spec.name} (process ${identity.pid}) does not end`, {
          next: `See 'ps -o stat,wchan ${identity.pid}'.`,
        });
      }
    }
    await removeLink(hostLinkName(spec.cluster, spec.name));
    if (!(await removeCgroup(cgroupOf(spec)))) {
      fail(`the control groups ${cgroupOf(spec)} still have processes`, {
        next: "See 'systemd-cgls' or /sys/fs/cgroup.",
      });
    }
    const { rootfs, bundle, state: states } = place(spec);
    for (const folder of [rootfs, bundle, states]) rmSync(folder, { recursive: true, force: true });
  },

  async run(spec, command, input) {
    return run(['runc', '--root', place(spec).state, 'exec', spec.name, ...command], { input });
  },

  attach(spec, command) {
    const terminal = process.stdin.isTTY && process.stdout.isTTY ? ['--tty'] : [];
    const child = spawn('runc', ['--root', place(spec).state, 'exec', ...terminal, spec.name, ...command], {
      stdio: 'inherit',
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? (signal ? 128 + constants.signals[signal] : 1)));
    });
  },
};

/** For namespaces, mounts, links and devices; and for programs and containers that run as other users. */
const needed: readonly Capability[] = [
  'CAP_SYS_ADMIN',
  'CAP_NET_ADMIN',
  'CAP_MKNOD',
  'CAP_SYS_CHROOT',
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_KILL',
  'CAP_NET_BIND_SERVICE',
  'CAP_SETGID',
  'CAP_SETPCAP',
  'CAP_SETUID',
];

interface Place {
  rootfs: string;
  bundle: string;
  /** runc's own notes of its containers. */
  state: string;
  console: string;
}

function place(spec: NodeIdentity): Place {
  const base = `${spec.runtime}.runc`;
  return {
    rootfs: join(base, 'rootfs'),
    bundle: join(base, 'bundle'),
    state: join(base, 'state'),
    console: join(spec.folder, 'console.log'),
  };
}

/** Creates the container, its PID 1 waiting to be started, and returns that process. */
async function create(spec: NodeSpec): Promise<number> {
  const { rootfs, bundle, state, console: log } = place(spec);
  const pidFile = join(bundle, 'pid');
  const script = `${mountRootScript(spec, rootfs)}
exec runc --root ${quoted(state)} create --bundle ${quoted(bundle)} --pid-file ${quoted(pidFile)} ${quoted(spec.name)}`;
  mkdirSync(dirname(log), { recursive: true });
  const out = openSync(log, 'w', 0o640);
  try {
    const child = spawn('unshare', ['--mount', '--propagation', 'private', '--', 'sh', '-ec', script], {
      stdio: ['ignore', out, out],
      detached: true, // Ctrl-C in a terminal is for us, who then stop the node in order
    });
    const code = await new Promise<number | string>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (status, signal) => resolve(signal ?? status ?? -1));
    });
    if (code !== 0) throw new Failure(`the container of node ${spec.name} cannot be made (${code})`, { log });
  } finally {
    closeSync(out);
  }
  return Number(readFileSync(pidFile, 'utf8'));
}

/** The signal it was started to be stopped by. */
async function stopSignalOf(spec: NodeIdentity): Promise<string> {
  return (await stateOf(spec))?.annotations?.[stopSignal] ?? String(constants.signals.SIGTERM);
}

interface ContainerState {
  status: string;
  pid: number;
  annotations?: Record<string, string>;
}

async function stateOf(spec: NodeIdentity): Promise<ContainerState | undefined> {
  const { state } = place(spec);
  if (!existsSync(join(state, spec.name))) return undefined;
  try {
    return JSON.parse(await runc(spec, ['state', spec.name])) as ContainerState;
  } catch (error) {
    if (error instanceof CommandError && /does not exist/.test(error.stderr)) return undefined;
    throw error;
  }
}

function runc(spec: NodeIdentity, args: readonly string[]): Promise<string> {
  return run(['runc', '--root', place(spec).state, ...args]);
}
