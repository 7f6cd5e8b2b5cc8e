import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from './machine.mjs';
import { logged, SetupError } from './step.mjs';

/** Debian's release whose etcd-server is recent enough (3.5) for progress notifications. */
const suite = 'trixie';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** etcd and its tools, and the Debian packages that bring them. */
const programs = ['etcd', 'etcdctl', 'etcdutl'];
const packages = ['etcd-server', 'etcd-client'];

/** Whether etcd and its tools are in `.cache/host/bin`; provideEtcd has checked their version. */
export function etcdReady(root) {
  return programs.every((it) => existsSync(join(root, '.cache/host/bin', it)));
}

/** Links etcd and its tools in `.cache/host/bin` to the machine's own when they are 3.5 or later, and else to Debian's, unpacked beside them. */
export async function provideEtcd(root) {
  const host = join(root, '.cache/host');
  mkdirSync(join(host, 'bin'), { recursive: true });
  const own = programs.map(findProgram);
  const chosen = own.every((it) => it && recentEnough(versionOf(it)))
    ? own
    : await unpackEtcd(root, join(host, 'etcd'));
  for (const [index, program] of programs.entries()) {
    const link = join(host, 'bin', program);
    if (lstatSync(link, { throwIfNoEntry: false })) rmSync(link);
    const target = chosen[index];
    symlinkSync(target.startsWith(host) ? `..${target.slice(host.length)}` : target, link);
  }
}

async function unpackEtcd(root, directory) {
  for (const program of ['apt-get', 'dpkg-deb']) {
    if (!findProgram(program)) {
      throw new SetupError(
        `there is no etcd 3.5 or later with etcdctl and etcdutl on this machine, and no ${program} to fetch Debian's. Put them into PATH and run this again.`,
      );
    }
  }
  const log = join(root, '.cache/setup/etcd.log');
  const apt = join(root, '.cache/host/apt');
  const options = privateApt(apt);
  await logged(log, 'apt-get', [...options, '-q', 'update']);
  for (const old of readdirSync(apt)) if (old.endsWith('.deb')) rmSync(join(apt, old));
  await logged(log, 'apt-get', [...options, '-q', 'download', ...packages], { cwd: apt });
  const archives = readdirSync(apt).filter((it) => it.endsWith('.deb'));
  if (archives.length < packages.length)
    throw new SetupError(`apt-get did not fetch ${packages.join(' and ')}; see ${log}`);
  const fresh = `${directory}.new`;
  rmSync(fresh, { recursive: true, force: true });
  for (const it of archives) await logged(log, 'dpkg-deb', ['--extract', join(apt, it), fresh]);
  for (const it of programs) {
    const version = versionOf(join(fresh, 'usr/bin', it));
    if (!recentEnough(version))
      throw new SetupError(`the ${it} of Debian ${suite} is ${version}, but 3.5 or later is needed`);
  }
  rmSync(directory, { recursive: true, force: true });
  renameSync(fresh, directory);
  rmSync(apt, { recursive: true });
  return programs.map((it) => join(directory, 'usr/bin', it));
}

/** Options that make apt-get use lists, cache and status of its own, with Debian's newer release as the only source. */
function privateApt(apt) {
  rmSync(apt, { recursive: true, force: true });
  for (const it of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(apt, it), { recursive: true });
  writeFileSync(join(apt, 'status'), '');
  const signed = existsSync(keyring) ? `Signed-By: ${keyring}\n` : '';
  writeFileSync(
    join(apt, 'debian.sources'),
    `Types: deb\nURIs: ${debianMirror()}\nSuites: ${suite}\nComponents: main\n${signed}`,
  );
  return [
    `-oDir::Etc::SourceList=${join(apt, 'debian.sources')}`,
    '-oDir::Etc::SourceParts=/dev/null',
    `-oDir::State::Lists=${join(apt, 'lists')}`,
    `-oDir::State::Status=${join(apt, 'status')}`,
    `-oDir::Cache=${join(apt, 'cache')}`,
    '-oAPT::Sandbox::User=root', // the checkout need not be readable for the _apt user
    '-oAcquire::Languages=none',
  ];
}

/** The Debian mirror that the machine's own package sources name, or the public one. */
function debianMirror() {
  const targets = execFileSync(
    'apt-get',
    ['indextargets', '--format', '$(ORIGIN) $(REPO_URI)', 'Created-By: Packages'],
    { encoding: 'utf8' },
  );
  const uris = targets.split('\n').map((it) => it.trim().split(' '));
  const debian = uris.find(([origin, uri]) => uri && origin === 'Debian' && !uri.includes('security'));
  const looksSo = uris.map((it) => it.at(-1) ?? '').find((uri) => /\/debian\/?$/.test(uri));
  return debian?.[1] ?? looksSo ?? 'http://deb.debian.org/debian';
}

/** The version a program of etcd's says it is; empty where it has no such command, as etcdctl's before 3.4. */
function versionOf(program) {
  const args = program.endsWith('/etcd') ? ['--version'] : ['version'];
  const { stdout } = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, ETCDCTL_API: '3' } });
  return /(?:etcd|etcdctl|etcdutl) [Vv]ersion: (\S+)/.exec(stdout ?? '')?.[1] ?? '';
}

function recentEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 3 || (major === 3 && minor >= 5);
}
