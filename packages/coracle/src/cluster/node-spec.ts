import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { componentsOf } from '../components/all.ts';
import { type ConfigFile, type NodeFacts, userOf, users } from '../components/component.ts';
import { addressIn, parseNetwork } from '../host/addresses.ts';
import { ownCapabilities } from '../host/capabilities.ts';
import { hasCgroupV1 } from '../host/cgroups.ts';
import { nameServers } from '../host/links.ts';
import { holdsLayers } from '../host/mounts.ts';
import { digestOf } from '../images/tree.ts';
import type { NodeSettings } from '../node/settings.ts';
import type { NodeIdentity, NodeSpec } from '../nodes/driver.ts';
import type { ClusterNetwork } from '../nodes/network.ts';
import { type Cluster, type ClusterPlace, checkout, type NodeRecord, nodeFolder, pkiFolder } from './cluster.ts';
import { argumentFiles, debianRoot, writeUnits } from './debian-node.ts';
import { bridgeName } from './names.ts';
import { hostRoot } from './node-root.ts';

/** Where a node's control socket is on the host. */
export const controlSocket = (node: NodeIdentity): string => join(node.runtime, 'node.sock');

/** Which node of a cluster this is. */
export function nodeIdentity(place: ClusterPlace, name: string): NodeIdentity {
  return { cluster: place.name, name, folder: nodeFolder(place, name), runtime: join(place.runtime, name) };
}

/** What a driver needs to know of a node. */
export function nodeSpec(cluster: Cluster, node: NodeRecord): NodeSpec {
  const folder = nodeFolder(cluster, node.name);
  const { length } = parseNetwork(cluster.subnet);
  const debian = cluster.rootfs === 'debian';
  const root = debian ? debianRoot(folder) : hostRoot;
  return {
    ...nodeIdentity(cluster, node.name),
    address: node.address,
    prefixLength: length,
    gateway: addressIn(cluster.subnet, 1),
    bridge: bridgeName(cluster.name),
    lower: root.lower,
    mounts: [
      { source: checkout, target: checkout, readonly: true },
      { source: join(folder, 'var'), target: '/var', readonly: false },
      { source: join(folder, 'etc/coracle'), target: '/etc/coracle', readonly: !debian },
      { source: join(folder, 'etc/kubernetes/manifests'), target: '/etc/kubernetes/manifests', readonly: true },
      { source: join(folder, 'etc/containerd/certs.d'), target: '/etc/containerd/certs.d', readonly: true },
      ...root.mounts,
      ...node.extraMounts.map((it) => ({ source: it.hostPath, target: it.containerPath, readonly: it.readOnly })),
    ],
    files: { ...systemFiles(node, root.lower), ...root.files },
    command: root.command,
    stopSignal: root.stopSignal,
  };
}

/** The network of a cluster on this machine, where Services are reached through one of its nodes. It is there before the roots of nodes are. */
export function networkOf(
  cluster: Pick<Cluster, 'name' | 'subnet' | 'serviceCidr'>,
  through: Pick<NodeRecord, 'address'>,
): ClusterNetwork {
  return {
    bridge: bridgeName(cluster.name),
    gateway: addressIn(cluster.subnet, 1),
    prefixLength: parseNetwork(cluster.subnet).length,
    serviceCidr: cluster.serviceCidr,
    serviceGateway: through.address,
  };
}

/** What the host decides about a node's components. */
export function nodeFacts(folder: string): NodeFacts {
  mkdirSync(folder, { recursive: true });
  return {
    cgroupV1: hasCgroupV1(),
    mayAdjustOomScore: ownCapabilities().includes('CAP_SYS_RESOURCE'),
    snapshotter: holdsLayers(folder) ? 'overlayfs' : 'native',
  };
}

/**
 * Brings a node's /etc/coracle to what the cluster says: the settings of its supervisor, and for each component what it reads. Files are
 * replaced whole, and in the folder that a running node has mounted.
 */
export function writeNodeConfig(cluster: Cluster, node: NodeRecord): void {
  const folder = nodeFolder(cluster, node.name);
  const pki = (file: string) => readFileSync(join(pkiFolder(cluster), file), 'utf8');
  const components = componentsOf({ cluster, node, facts: nodeFacts(folder), pki });
  const settings: NodeSettings = {
    node: node.name,
    socket: '/run/coracle/node.sock',
    logs: '/var/log/coracle',
    checkout,
    services: components.map(({ service, files }) => ({
      ...service,
      version: digestOf(JSON.stringify(files.filter((it) => !it.followed))),
    })),
  };
  const debian = cluster.rootfs === 'debian';
  if (debian) writeUnits(folder, settings.services);
  const base = join(folder, 'etc/coracle');
  const files = [
    ...components.flatMap((it) => it.files),
    ...(debian ? argumentFiles(settings.services) : []),
    { path: 'node.json', text: `${JSON.stringify(settings, undefined, 2)}\n` },
  ];
  for (const it of files) writeOwned(base, it);
  removeOthers(base, new Set(files.map((it) => it.path)));
  for (const it of ['lib', 'log', 'cache', 'spool', 'tmp']) mkdirSync(join(folder, 'var', it), { recursive: true });
  chmodSync(join(folder, 'var/tmp'), 0o1777);
}

/** Writes a file, whole or not at all, for the component its first folder is named after, and for nobody else. */
function writeOwned(base: string, { path, text }: ConfigFile): void {
  const file = join(base, path);
  const user = userOf(path.split('/')[0]!);
  if (!existsSync(dirname(file))) {
    mkdirSync(dirname(file), { recursive: true });
    chmodSync(base, 0o755);
    if (dirname(file) !== base) chmodSync(dirname(file), 0o700);
    if (user) chownSync(dirname(file), user.uid, user.gid);
  }
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  if (user) chownSync(`${file}.new`, user.uid, user.gid);
  renameSync(`${file}.new`, file);
}

/** Removes the files of components that a node no longer has. */
function removeOthers(base: string, kept: ReadonlySet<string>): void {
  for (const it of readdirSync(base, { recursive: true, withFileTypes: true })) {
    const path = relative(base, join(it.parentPath, it.name));
    if (!it.isDirectory() && !kept.has(path)) rmSync(join(base, path));
  }
}

/** Files of a node's root that say who it is. */
function systemFiles(node: NodeRecord, lower: string): Record<string, string> {
  const withUsers = (file: string, line: (name: string, id: number) => string) =>
    readFileSync(join(lower, file), 'utf8') +
    Object.entries(users)
      .map(([name, user]) => `${line(name, user.uid)}\n`)
      .join('');
  return {
    '/etc/hostname': `${node.name}\n`,
    '/etc/hosts': `127.0.0.1 localhost\n::1 ip6-localhost\n${node.address} ${node.name}\n`,
    '/etc/resolv.conf': resolvConf(readFileSync('/etc/resolv.conf', 'utf8')),
    '/etc/passwd': withUsers('/etc/passwd', (name, id) => `${name}:x:${id}:${id}:Coracle ${name}:/:/usr/sbin/nologin`),
    '/etc/group': withUsers('/etc/group', (name, id) => `${name}:x:${id}:`),
  };
}

/** The host's name servers, but for those that only the host itself reaches. */
export function resolvConf(ofHost: string): string {
  const servers = nameServers(ofHost).filter((it) => !it.startsWith('127.') && it !== '::1');
  const rest = ofHost.split('\n').filter((line) => /^\s*(search|options)\s/.test(line));
  return [...servers.map((it) => `nameserver ${it}`), ...rest, ''].join('\n');
}
