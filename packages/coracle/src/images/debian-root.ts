import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../cluster/cluster.ts';
import { fail } from '../failure.ts';
import { CommandError, run } from '../host/run.ts';
import { digestOf } from './tree.ts';

/** Where trees are kept for all who use this checkout. */
export const debianCache = join(checkout, '.cache/debian');

/**
 * What a machine needs that runs system containers and is a node of a cluster, and `coracle system` itself: the last two are of its Node.js.
 */
export const machinePackages = [
  ...['systemd', 'systemd-sysv', 'dbus', 'runc', 'iproute2', 'procps', 'util-linux', 'mount'],
  ...['containerd', 'containernetworking-plugins', 'nftables', 'iptables', 'conntrack'],
  ...['libatomic1', 'libstdc++6'],
];

/** Where the tree with these packages is, or will be once it is built. */
export function debianTree(packages: readonly string[] = machinePackages, cache = debianCache): string {
  const names = [...new Set(packages)].sort();
  return join(cache, `${release()}-${digestOf(`${revision} ${names.join(' ')}`).slice('sha256:'.length, 19)}`);
}

/** Raised when trees are made otherwise, so that older ones are not used. */
const revision = 2;

/**
 * The root of a small Debian system with these packages, of the release this machine has, built by debootstrap (a minute) unless it is there.
 * It is for being read only: the layer below a machine's own. Throws Failure when it cannot be built; what was begun is then gone.
 */
export async function debianRoot(packages: readonly string[] = machinePackages, cache = debianCache): Promise<string> {
  const suite = release();
  const names = [...new Set(packages)].sort();
  const tree = debianTree(packages, cache);
  if (existsSync(tree)) return tree;
  const archives = join(cache, 'archives');
  mkdirSync(archives, { recursive: true });
  const fresh = `${tree}.${process.pid}`;
  const options = ['--variant=minbase', `--include=${names.join(',')}`, `--cache-dir=${archives}`];
  try {
    // It mounts /proc and /sys in the tree: in a mount namespace of its own, so that they go with it.
    await run(
      ['unshare', '--mount', '--propagation', 'private', 'debootstrap', ...options, suite, fresh, await mirror()],
      {
        env: { LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' },
      },
    );
    trim(fresh);
    if (existsSync(tree))
      rmSync(fresh, { recursive: true }); // another process was quicker
    else renameSync(fresh, tree);
    return tree;
  } catch (error) {
    const log = join(fresh, 'debootstrap/debootstrap.log');
    const last = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n') : '';
    rmSync(fresh, { recursive: true, force: true });
    if (!(error instanceof CommandError)) throw error;
    return fail(`a Debian system cannot be built: ${last || error.message}`, {
      cause: error,
      next: "See whether 'apt-get update' works on this machine.",
    });
  }
}

/** What each machine has of its own, or does not need: what is started at boot, for one, beside what systemd always starts. */
function trim(tree: string): void {
  for (const it of ['etc/hostname', 'var/lib/dbus/machine-id', 'debootstrap', 'etc/systemd/system']) {
    rmSync(join(tree, it), { recursive: true, force: true });
  }
  mkdirSync(join(tree, 'etc/systemd/system'));
  writeFileSync(join(tree, 'etc/machine-id'), ''); // absent, it would be a first boot, on which systemd asks questions
  for (const folder of ['var/cache/apt/archives', 'var/lib/apt/lists']) {
    for (const it of readdirSync(join(tree, folder))) rmSync(join(tree, folder, it), { recursive: true });
  }
}

function release(): string {
  const text = readFileSync('/etc/os-release', 'utf8');
  const [id, codename] = ['ID', 'VERSION_CODENAME'].map((it) => new RegExp(`^${it}="?(.*?)"?$`, 'm').exec(text)?.[1]);
  return id === 'debian' && codename ? codename : 'bookworm';
}

/** The Debian mirror that the machine's own package sources name, or the public one. */
async function mirror(): Promise<string> {
  const text = await run(['apt-get', 'indextargets', '--format', '$(ORIGIN) $(REPO_URI)', 'Created-By: Packages']);
  const sources = text.split('\n').map((it) => it.trim().split(' '));
  const own = sources.find(([origin, uri]) => origin === 'Debian' && uri && !uri.includes('security'))?.[1];
  return own ?? 'http://deb.debian.org/debian';
}
