import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findLibrary, findProgram, lookAgain } from './machine.mjs';
import { logged, SetupError } from './step.mjs';

/** What Coracle runs on the machine, judged by the programs and libraries themselves, and the Debian package that brings each. */
const needed = [
  { package: 'containerd', programs: ['containerd', 'containerd-shim-runc-v2', 'ctr'] },
  { package: 'runc', programs: ['runc'] },
  {
    package: 'containernetworking-plugins',
    programs: ['bridge', 'host-local', 'loopback', 'portmap'].map((it) => `/usr/lib/cni/${it}`),
  },
  { package: 'nftables', programs: ['nft'] },
  { package: 'iptables', programs: ['iptables'] }, // the portmap plugin writes hostPort rules with it
  { package: 'conntrack', programs: ['conntrack'] },
  { package: 'iproute2', programs: ['ip'] },
  { package: 'busybox-static', programs: ['busybox'] },
  { package: 'util-linux', programs: ['nsenter', 'unshare', 'setpriv'] },
  { package: 'mount', programs: ['mount', 'umount'] },
  { package: 'debootstrap', programs: ['debootstrap'] }, // the root of nodes that are Debian systems of their own
  { package: 'docker-registry', programs: ['docker-registry'] }, // the tests' registry
  { package: 'libatomic1', libraries: ['libatomic.so.1'] }, // the pinned Node.js is linked against these two
  { package: 'libstdc++6', libraries: ['libstdc++.so.6'] },
];

/** What only the tests need beyond that; `files` are what a package is known by that has no programs. */
const neededByTests = [
  { package: 'python3-kubernetes', files: ['/usr/lib/python3/dist-packages/kubernetes'] }, // a client nobody here wrote
];

/** The Debian packages that only tests need and that are to be installed. */
export function missingTestPackages() {
  return missing(neededByTests);
}

/** The Debian packages that are to be installed, because a program of theirs is not on this machine. */
export function missingPackages() {
  return missing(needed);
}

function missing(packages) {
  return packages
    .filter(
      ({ programs = [], libraries = [], files = [] }) =>
        !(programs.every(findProgram) && libraries.every(findLibrary) && files.every(existsSync)),
    )
    .map((it) => it.package);
}

/**
 * Installs Debian packages without starting or enabling a service of theirs: a machine that had no containerd before does not run one
 * afterwards.
 */
export async function installDebianPackages(root, packages) {
  const command = `apt-get install --no-install-recommends ${packages.join(' ')}`;
  if (!findProgram('apt-get')) {
    throw new SetupError(
      `this machine lacks what these Debian packages bring, and it has no apt-get: ${packages.join(' ')}. Install the like of them with the machine's own package manager (the CNI plugins belong in /usr/lib/cni).`,
    );
  }
  if (process.getuid?.() !== 0) {
    throw new SetupError(
      `installing Debian packages needs root. Run it again as root, or install them first: ${command}`,
    );
  }
  const log = join(root, '.cache/setup/debian.log');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
  const install = ['-y', '-q', '--no-install-recommends', 'install', ...packages];
  const explain = (text) =>
    /Could not get lock|is another process using it/.test(text)
      ? 'Another package manager is running; run this again when it has ended.'
      : undefined;
  await withoutServices(async () => {
    // Third-party sources that cannot be reached need not matter, so what counts is whether the install works.
    const updated = await logged(log, 'apt-get', ['-q', 'update'], { env }, explain).then(
      () => undefined,
      (error) => error,
    );
    try {
      await logged(log, 'apt-get', install, { env }, explain);
    } catch (error) {
      throw updated ?? error;
    }
    for (const it of services) if (packages.includes(it)) disableService(`${it}.service`);
  });
  lookAgain();
  const still = missingPackages();
  if (still.length > 0)
    throw new SetupError(`apt-get installed ${still.join(', ')}, but not the programs expected of it; see ${log}`);
}

/** Packages that enable a service of their name when they are installed. */
const services = ['containerd', 'docker-registry'];

const units = '/etc/systemd/system';

/** Removes the links by which systemd would start a service at the next boot. */
function disableService(name) {
  const targets = existsSync(units) ? readdirSync(units).filter((it) => it.endsWith('.wants')) : [];
  for (const it of targets) rmSync(join(units, it, name), { force: true });
}

const policy = '/usr/sbin/policy-rc.d';
const saved = '/usr/sbin/policy-rc.d.before-coracle';
const marker = '# Written by Coracle while it installs packages, so that no service starts; removed afterwards.';

/** Runs `work` while Debian's policy file forbids packages to start services, and puts the policy back that was there. */
async function withoutServices(work) {
  restorePolicy(); // of a set-up that was killed
  if (existsSync(policy)) renameSync(policy, saved);
  writeFileSync(policy, `#!/bin/sh\n${marker}\nexit 101\n`);
  chmodSync(policy, 0o755);
  const onSignal = () => process.exit(130);
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal).once('exit', restorePolicy);
  try {
    return await work();
  } finally {
    process
      .removeListener('SIGINT', onSignal)
      .removeListener('SIGTERM', onSignal)
      .removeListener('exit', restorePolicy);
    restorePolicy();
  }
}

function restorePolicy() {
  if (existsSync(policy) && execFileSync('cat', [policy], { encoding: 'utf8' }).includes(marker)) rmSync(policy);
  if (existsSync(saved) && !existsSync(policy)) renameSync(saved, policy);
}
