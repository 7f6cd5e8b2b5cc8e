import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { version } from '@coracle/api/version';
import { checkout } from '../cluster/cluster.ts';
import { userOf } from '../components/component.ts';
import { bundle } from './bundle.ts';
import type { ImageConfig } from './oci.ts';
import type { Recipe } from './recipes.ts';
import { basePackages, binary, machineProgram, sharedLayers, toolPackages } from './shared-layers.ts';
import { sourceDigest } from './sources.ts';
import { exportsOf, type SystemContainer } from './system-container.ts';
import { digestOf, type Entry, type Tree } from './tree.ts';

/** One of Coracle's own programs, as far as its image is concerned. */
interface Program {
  name: string;
  /** The folder of its package, where that has another name. */
  package?: string;
  /** The file of that package it starts with, where that is not its main.ts. */
  main?: string;
  /** Whether it runs nft, ip, mount and their like. */
  tools?: boolean;
  about: string;
  /** How it runs as a system container, if it does. */
  container?: Omit<SystemContainer, 'name' | 'user'> & { capabilities?: string[] };
}

/** The programs that have an image: to add one, add its line. */
const programs: readonly Program[] = [
  {
    name: 'kube-apiserver',
    package: 'apiserver',
    about: 'The API server.',
    container: {
      health: 'tcp://127.0.0.1:6443',
      capabilities: ['CAP_NET_BIND_SERVICE'],
      // As its launcher has it.
      environment: { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' },
    },
  },
  {
    name: 'kube-scheduler',
    package: 'scheduler',
    about: 'Chooses nodes for pods.',
    container: { health: 'tcp://127.0.0.1:10259' },
  },
  {
    name: 'kube-controller-manager',
    package: 'controller-manager',
    about: 'The controllers.',
    container: { health: 'tcp://127.0.0.1:10257' },
  },
  {
    name: 'kubelet',
    tools: true,
    about: 'Runs the pods of a node.',
    container: { health: 'http://127.0.0.1:10248/healthz', reach: 'machine', data: '/var/lib/kubelet' },
  },
  {
    name: 'kube-proxy',
    tools: true,
    about: 'Services on a node, by nftables.',
    container: { health: 'tcp://127.0.0.1:10256', reach: 'network' },
  },
  {
    name: 'overlay',
    tools: true,
    about: 'The pod network across nodes.',
    container: { health: '', reach: 'network' },
  },
  {
    name: 'load-balancer',
    package: 'coracle',
    main: 'balancer/main.ts',
    about: 'A way to whichever API server is ready.',
    container: { health: 'tcp://127.0.0.1:6443' },
  },
  { name: 'cluster-dns', about: "The cluster's names." },
];

/** The full name of the image of a program: `coracle.local/kubelet:v1.36.0`. */
export const programImage = (name: string): string => `coracle.local/${name}:${version.gitVersion}`;

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const revision = 3;

const config = (name: string, about: string, environment: Record<string, string> = {}): ImageConfig => ({
  entrypoint: [`/${binary(name)}`],
  environment: { PATH: path, ...environment },
  stopSignal: 'SIGTERM',
  labels: {
    'org.opencontainers.image.title': name,
    'org.opencontainers.image.version': version.gitVersion,
    'org.opencontainers.image.description': about,
  },
});

function programRecipe({ name, package: folder = name, main, tools = false, about, container }: Program): Recipe {
  return {
    name,
    references: [programImage(name)],
    packages: tools ? [...basePackages, ...toolPackages] : basePackages,
    revision,
    compressed: true,
    sources: () => sourceDigest(['api', 'client', 'process', folder]),
    about,
    async build(packages) {
      const shared = await sharedLayers(packages);
      const home = `usr/lib/coracle/${name}`;
      const own: Tree = new Map<string, Entry>([
        ...[...(await bundle(folder, checkout, main))].map(([place, entry]): [string, Entry] => [
          join(home, place),
          entry,
        ]),
        [binary(name), { type: 'symlink', target: `../lib/coracle/${name}/lib/main.mjs` }],
        ...(container ? exportsOf(systemContainer(name, container)) : []),
      ]);
      return {
        layers: [shared.base, shared.runtime, ...(tools ? [await shared.tools()] : []), own],
        config: config(name, about),
      };
    },
  };
}

function systemContainer(name: string, { capabilities, ...rest }: NonNullable<Program['container']>): SystemContainer {
  const user = userOf(name);
  return { name, ...rest, ...(user ? { user: { ...user, ...(capabilities ? { capabilities } : {}) } } : {}) };
}

/** etcd as set-up provides it, of Debian's etcd-server. */
const etcd: Recipe = {
  name: 'etcd',
  references: [programImage('etcd')],
  packages: basePackages,
  revision,
  compressed: true,
  sources: () => digestOf(readFileSync(etcdFile)),
  about: "The store: Debian's etcd.",
  async build(packages) {
    const { base } = await sharedLayers(packages);
    const etcdVersion = /etcd Version: (\S+)/.exec(execFileSync(etcdFile, ['--version'], { encoding: 'utf8' }))?.[1];
    if (!etcdVersion) throw new Error(`${etcdFile} does not tell its version`);
    const container = { health: 'tcp://127.0.0.1:2379', data: '/var/lib/etcd', node: false };
    const own: Tree = new Map([
      [binary('etcd'), machineProgram(etcdFile, base)],
      ...exportsOf(systemContainer('etcd', container)),
    ]);
    const { labels, ...rest } = config('etcd', etcd.about);
    return {
      layers: [base, own],
      config: { ...rest, labels: { ...labels, 'io.coracle.etcd.version': etcdVersion } },
    };
  },
};

const etcdFile = join(checkout, '.cache/host/bin/etcd');

/** The image of the program that every cluster runs as pods. */
export const clusterDnsRecipe: Recipe = programRecipe(programs.find((it) => it.name === 'cluster-dns')!);

/** The images of Coracle's own programs and of etcd. */
export const programRecipes: readonly Recipe[] = [
  etcd,
  ...programs.map((it) => (it.name === 'cluster-dns' ? clusterDnsRecipe : programRecipe(it))),
];
