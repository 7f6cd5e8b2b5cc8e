import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { extract } from 'tar-stream';
import { fail } from '../failure.ts';
import { CommandError, run, runBytes } from '../host/run.ts';
import { neededLibraries } from './elf.ts';
import type { Entry, Tree } from './tree.ts';

/** A Debian package that was fetched, and not installed. */
export interface Package {
  name: string;
  version: string;
  file: string;
}

/**
 * Fetches packages and all they depend on from the machine's own package sources, into a folder of our own: what is installed on the machine
 * neither matters nor changes.
 */
export async function fetchPackages(folder: string, names: readonly string[]): Promise<Package[]> {
  rmSync(folder, { recursive: true, force: true });
  for (const it of ['lists/partial', 'archives/partial']) mkdirSync(join(folder, it), { recursive: true });
  writeFileSync(join(folder, 'status'), '');
  const options = [
    `-oDir::State::Lists=${join(folder, 'lists')}`,
    `-oDir::State::Status=${join(folder, 'status')}`,
    `-oDir::Cache=${folder}`,
    `-oDir::Cache::Archives=${join(folder, 'archives')}`,
    '-oAPT::Sandbox::User=root',
    '-oAcquire::Languages=none',
    '-qq',
  ];
  // Some other source of the machine may be out of reach, which does not matter when the packages are found.
  const updated = await run(['apt-get', ...options, 'update']).then(
    () => undefined,
    (error: unknown) => error,
  );
  try {
    await run(['apt-get', ...options, '-y', '--no-install-recommends', '--download-only', 'install', ...names]);
  } catch (error) {
    const cause = updated ?? error;
    if (!(cause instanceof CommandError)) throw cause;
    fail(`the Debian packages ${names.join(', ')} cannot be fetched: ${cause.message}`, {
      cause,
      next: "See whether 'apt-get update' works on this machine.",
    });
  }
  return readdirSync(join(folder, 'archives'))
    .filter((it) => it.endsWith('.deb'))
    .sort()
    .map((it) => {
      const [name, version] = basename(it, '.deb').split('_') as [string, string];
      return { name, version: decodeURIComponent(version), file: join(folder, 'archives', it) };
    });
}

/** The files of a package, with /bin, /sbin and /lib merged into /usr as current Debian has them. */
export async function filesOf(it: Package): Promise<Tree> {
  const tar = await runBytes(['dpkg-deb', '--fsys-tarfile', it.file]);
  const tree: Tree = new Map();
  const links = new Map<string, string>();
  const unpack = extract();
  const done = new Promise<void>((resolve, reject) => unpack.once('finish', resolve).once('error', reject));
  unpack.on('entry', (header, stream, next) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk) => chunks.push(chunk as Buffer));
    stream.once('end', () => {
      const path = merged(header.name);
      const mode = header.mode ?? 0o644;
      if (header.type === 'file') tree.set(path, { type: 'file', mode, content: Buffer.concat(chunks) });
      else if (header.type === 'symlink') tree.set(path, { type: 'symlink', target: header.linkname! });
      else if (header.type === 'link') links.set(path, merged(header.linkname!));
      else if (header.type === 'directory' && path !== '') tree.set(path, { type: 'directory', mode });
      next();
    });
  });
  unpack.end(tar);
  await done;
  for (const [path, target] of links) tree.set(path, tree.get(target)!);
  return tree;
}

function merged(path: string): string {
  const clean = path.replace(/^\.?\//, '').replace(/\/$/, '');
  return /^(bin|sbin|lib\w*)\//.test(clean) ? `usr/${clean}` : clean;
}

/** The links that lead from the old places to the merged ones. */
export function mergedLinks(tree: Tree): Tree {
  const tops = ['bin', 'sbin', 'lib', 'lib32', 'lib64'].filter((it) =>
    [...tree.keys()].some((path) => path.startsWith(`usr/${it}/`)),
  );
  return new Map(tops.map((it) => [it, { type: 'symlink', target: `usr/${it}` }]));
}

/** The program at a path of a tree, with the loader and the libraries it needs, followed through links. */
export function programWithLibraries(tree: Tree, program: string): Tree {
  const wanted: Tree = new Map();
  const take = (path: string): void => {
    const entry = tree.get(path);
    if (!entry || wanted.has(path)) return;
    wanted.set(path, entry);
    if (entry.type === 'symlink') take(resolved(path, entry));
    if (entry.type === 'file') neededLibraries(entry.content).forEach(takeLibrary);
  };
  const takeLibrary = (name: string): void => {
    const found = [...tree.keys()].filter((it) => it.startsWith('usr/lib') && basename(it) === name);
    if (found.length === 0) throw new Error(`${program} needs ${name}, which no fetched package has`);
    found.forEach(take);
  };
  take(program);
  for (const path of tree.keys()) if (/^usr\/lib\w*\/(.+\/)?ld-linux[-\w]*\.so\.\d$/.test(path)) take(path);
  return wanted;
}

function resolved(path: string, link: Extract<Entry, { type: 'symlink' }>): string {
  const absolute = link.target.startsWith('/') ? link.target : join('/', path, '..', link.target);
  return merged(join('/', absolute));
}
