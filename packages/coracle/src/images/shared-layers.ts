import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { users } from '../components/component.ts';
import { filesOf, mergedLinks, type Package, programWithLibraries } from './debian.ts';
import { neededLibraries } from './elf.ts';
import { systemFiles } from './system-files.ts';
import type { Entry, Tree } from './tree.ts';

/** The Debian packages whose libraries the Node.js runtime and etcd are linked against. */
export const basePackages = ['libc6', 'libstdc++6', 'libgcc-s1', 'libatomic1'];

/** The Debian packages with the programs that node components run on the machine. */
export const toolPackages = ['nftables', 'iproute2', 'conntrack', 'mount', 'util-linux'];

const tools = [
  'usr/sbin/nft',
  'usr/bin/ip',
  'usr/sbin/bridge',
  'usr/sbin/conntrack',
  'usr/bin/mount',
  'usr/bin/umount',
  'usr/bin/nsenter',
];

/** Layers that images of Coracle's programs have in common: the same trees, and so the same digests. */
export interface SharedLayers {
  /** Libraries, users, and the folders that are expected of any system. */
  base: Tree;
  /** The pinned Node.js. */
  runtime: Tree;
  /** Programs of the machine's network and mounts, with their libraries; only where the packages were fetched. */
  tools(): Promise<Tree>;
}

const made = new WeakMap<readonly Package[], Promise<SharedLayers>>();

/** The shared layers, made once from one set of fetched packages. */
export function sharedLayers(packages: readonly Package[]): Promise<SharedLayers> {
  const known = made.get(packages) ?? make(packages);
  made.set(packages, known);
  return known;
}

async function make(packages: readonly Package[]): Promise<SharedLayers> {
  const runtime: Tree = new Map([
    ['usr/bin/node', { type: 'file', mode: 0o755, content: readFileSync(process.execPath) }],
  ]);
  const libraries = programWithLibraries(
    new Map([...(await filesOfAll(packages.filter((it) => basePackages.includes(it.name)))), ...runtime]),
    'usr/bin/node',
  );
  libraries.delete('usr/bin/node');
  const folder: Entry = { type: 'directory', mode: 0o755 };
  const links = mergedLinks(new Map<string, Entry>([...libraries, ['usr/bin/x', folder], ['usr/sbin/x', folder]]));
  const folders = [
    'dev',
    'etc/coracle',
    'proc',
    'run',
    'sys',
    'usr/bin',
    'usr/sbin',
    'var/cache',
    'var/lib',
    'var/log',
  ];
  const base: Tree = new Map<string, Entry>([
    ...libraries,
    ...links,
    ...folders.map((it) => [it, folder] as const),
    ['var/run', { type: 'symlink', target: '/run' }],
    ['etc/hosts', { type: 'file', mode: 0o644, content: Buffer.from('127.0.0.1 localhost\n::1 localhost\n') }],
    ['etc/resolv.conf', { type: 'file', mode: 0o644, content: Buffer.alloc(0) }],
    ...systemFiles(Object.entries(users).map(([name, { uid }]) => ({ name, id: uid, home: '/' }))),
  ]);
  let madeTools: Promise<Tree> | undefined;
  return {
    base,
    runtime,
    tools() {
      madeTools ??= toolsAbove(base, packages);
      return madeTools;
    },
  };
}

/** The tools and those of their libraries that the base lacks. */
async function toolsAbove(base: Tree, packages: readonly Package[]): Promise<Tree> {
  const chosen = packages.filter(
    (it) => toolPackages.includes(it.name) || it.name.startsWith('lib') || it.name === 'zlib1g',
  );
  const all = await filesOfAll(chosen);
  const tree: Tree = new Map();
  for (const tool of tools) {
    if (!all.has(tool)) throw new Error(`no fetched package has ${tool}`);
    for (const [path, entry] of programWithLibraries(all, tool)) if (!base.has(path)) tree.set(path, entry);
  }
  return tree;
}

async function filesOfAll(packages: readonly Package[]): Promise<Tree> {
  return new Map((await Promise.all(packages.map(filesOf))).flatMap((it) => [...it]));
}

/** A program of this machine for an image. Throws when the base lacks a library it needs. */
export function machineProgram(file: string, base: Tree): Entry {
  const content = readFileSync(file);
  const has = new Set([...base.keys()].map((it) => basename(it)));
  const missing = neededLibraries(content).filter((it) => !has.has(it));
  if (missing.length > 0) throw new Error(`${file} needs ${missing.join(', ')}, which images do not have`);
  return { type: 'file', mode: 0o755, content };
}

/** Where programs lie in an image. */
export const binary = (name: string): string => join('usr/bin', name);
