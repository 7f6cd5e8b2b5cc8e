import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from './machine.mjs';
import { logged, SetupError } from './step.mjs';

/** Debian's release whose etcd-server is recent enough (3.5) for progress notifications. */
const suite = 'trixie';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Whether `.cache/host/bin/etcd` is there; provideEtcd has checked its version. */
export function etcdReady(root) {
  return existsSync(join(root, '.cache/host/bin/etcd'));
}

/** Links `.cache/host/bin/etcd` to the machine's own etcd when that is 3.5 or later, and else to Debian's, unpacked beside it. */
export async function provideEtcd(root) {
  const host = join(root, '.cache/host');
  const link = join(host, 'bin/etcd');
  mkdirSync(join(host, 'bin'), { recursive: true });
  const own = findProgram('etcd');
  const etcd = own && recentEnough(versionOf(own)) ? own : await unpackEtcd(root, join(host, 'etcd'));
  if (lstatSync(link, { throwIfNoEntry: false })) rmSync(link);
  symlinkSync(etcd.startsWith(host) ? `..${etcd.slice(host.length)}` : etcd, link);
}

async function unpackEtcd(root, directory) {
  for (const program of ['apt-get', 'dpkg-deb']) {
    if (!findProgram(program)) {
      throw new SetupError(
        `there is no etcd 3.5 or later on this machine, and no ${program} to fetch Debian's. Put one into PATH and run this again.`,
      );
    }
  }
  const log = join(root, '.cache/setup/etcd.log');
  const apt = join(root, '.cache/host/apt');
  const options = privateApt(apt);
  await logged(log, 'apt-get', [...options, '-q', 'update']);
  for (const old of readdirSync(apt)) if (old.endsWith('.deb')) rmSync(join(apt, old));
  await logged(log, 'apt-get', [...options, '-q', 'download', 'etcd-server'], { cwd: apt });
  const archive = readdirSync(apt).find((it) => it.endsWith('.deb'));
  if (!archive) throw new SetupError(`apt-get fetched no etcd-server; see ${log}`);
  const fresh = `${directory}.new`;
  rmSync(fresh, { recursive: true, force: true });
  await logged(log, 'dpkg-deb', ['--extract', join(apt, archive), fresh]);
  const version = versionOf(join(fresh, 'usr/bin/etcd'));
  if (!recentEnough(version))
    throw new SetupError(`the etcd-server of Debian ${suite} is ${version}, but 3.5 or later is needed`);
  rmSync(directory, { recursive: true, force: true });
  renameSync(fresh, directory);
  rmSync(apt, { recursive: true });
  return join(directory, 'usr/bin/etcd');
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

function versionOf(etcd) {
  return /etcd Version: (\S+)/.exec(execFileSync(etcd, ['--version'], { encoding: 'utf8' }))?.[1] ?? '';
}

function recentEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 3 || (major === 3 && minor >= 5);
}
