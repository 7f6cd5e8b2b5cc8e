import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { Failure, fail } from '../failure.ts';
import { addressIn } from '../host/addresses.ts';
import { apiServerWishes } from './api-server-wishes.ts';
import { checkClusterName } from './names.ts';
import { componentWishes, nodeWishes, overlayWishes, rootfsWish } from './wishes.ts';

/** The checkout this program runs from; it is bound read-only into every node. */
export const checkout = fileURLToPath(new URL('../../../..', import.meta.url)).replace(/\/$/, '');

export const defaultName = 'coracle';
/** Clusters whose user names no folder are each in one of their own here. */
export const defaultBase = '/var/lib/coracle';

const nodeRecord = nodeWishes.extend({
  name: z.string(),
  /** Its address on the cluster's bridge. */
  address: z.string(),
  /**
   * How the etcd member of a control plane came to be: with the cluster, or joined to one that ran; and who was a member then, in the form of
   * etcd's --initial-cluster. Members with data know better, and do not look.
   */
  etcd: z.object({ state: z.enum(['new', 'existing']), initialCluster: z.string() }).optional(),
});

const clusterRecord = z.object({
  version: z.literal(2),
  name: z.string(),
  rootfs: rootfsWish,
  /** The bridge's network; its first address is the host's. */
  subnet: z.string(),
  podCidr: z.string(),
  serviceCidr: z.string(),
  overlay: overlayWishes,
  components: componentWishes,
  apiServer: apiServerWishes.prefault({}),
  nodes: z.array(nodeRecord).min(1),
  /** The number in the name and address of the next node; numbers are not given twice. */
  nextNode: z.int(),
  /** Whether the example was applied once; after that it is the user's, to change or to delete. */
  exampleApplied: z.boolean(),
});

/** What was decided when a cluster was made and stays so for its life. */
export type ClusterRecord = z.infer<typeof clusterRecord>;
export type NodeRecord = z.infer<typeof nodeRecord>;

/** Where the things of a cluster are on the host. All lasting state is below `data`; `runtime` is gone after a reboot. */
export interface ClusterPlace {
  name: string;
  data: string;
  /** `/run/coracle/<name>` */
  runtime: string;
}

export interface Cluster extends ClusterPlace, ClusterRecord {}

/** The label of control planes, and the taint that keeps other pods off them. */
export const controlPlaneRole = 'node-role.kubernetes.io/control-plane';

export const controlPlanes = (cluster: ClusterRecord): NodeRecord[] =>
  cluster.nodes.filter((it) => it.role === 'control-plane');

/** Finds the folders of a cluster from `--name` and `--data-dir` (may be empty). Throws Failure on a name or a path that cannot be one. */
export function placeOf(name: string, dataDir: string): ClusterPlace {
  checkClusterName(name);
  const data = dataDir === '' ? join(defaultBase, name) : resolve(dataDir);
  // The kernel's mount options of an overlay have no way to write these.
  if (/[,:\\]/.test(data)) fail(`--data-dir ${data}: the path of a cluster may not have any of , : \\ in it`);
  return { name, data, runtime: join('/run/coracle', name) };
}

/** A node by its name. Throws Failure when there is none. */
export function nodeOf(cluster: Cluster, name: string): NodeRecord {
  const node = cluster.nodes.find((it) => it.name === name);
  if (node) return node;
  return fail(`cluster ${cluster.name} has no node ${name}`, {
    next: `It has ${cluster.nodes.map((it) => it.name).join(', ')}.`,
  });
}

/** The domain of the names of Services. */
export const clusterDomain = 'cluster.local';

/** The address of the cluster's DNS server, of the range for Services. */
export const dnsAddress = (cluster: Pick<ClusterRecord, 'serviceCidr'>): string => addressIn(cluster.serviceCidr, 10);

/** Where this machine forwards to an API server, whichever of several is ready. */
export const balancedServer = (cluster: ClusterRecord): string => `${addressIn(cluster.subnet, 1)}:6443`;

/** Where the administrator reaches the API: at the only server, or at this machine's forwarding to several. */
export function adminServer(cluster: Cluster): string {
  const [first, ...others] = controlPlanes(cluster);
  return `https://${others.length > 0 ? balancedServer(cluster) : `${first!.address}:443`}`;
}

/** Where machines that join reach the API: at the address the user named, or else as the administrator does. */
export const publicServer = (cluster: Cluster): string =>
  cluster.apiServer.externalAddress ? `https://${cluster.apiServer.externalAddress}` : adminServer(cluster);

export const recordFile = (place: ClusterPlace): string => join(place.data, 'cluster.json');
/** What the record of a cluster becomes that never got as far as being one. */
export const failedRecord = 'failed-start.json';
export const adminKubeconfig = (place: ClusterPlace): string => join(place.data, 'admin.kubeconfig');
export const pkiFolder = (place: ClusterPlace): string => join(place.data, 'pki');
export const nodeFolder = (place: ClusterPlace, node: string): string => join(place.data, 'nodes', node);
/** A node's `/var/log/coracle`. */
export const logFolder = (place: ClusterPlace, node: string): string =>
  join(nodeFolder(place, node), 'var/log/coracle');

/** The folder belongs to a cluster of another name. */
export class OtherClusterFailure extends Failure {}

/** Reads the record of a cluster; undefined when there is none. Throws Failure when it cannot be understood. */
export function loadCluster(place: ClusterPlace): Cluster | undefined {
  const file = recordFile(place);
  if (!existsSync(file)) return undefined;
  const record = readRecord(file, `'coracle reset --name ${place.name}' removes the cluster.`);
  if (record.name !== place.name) {
    throw new OtherClusterFailure(`${place.data} holds another cluster, ${record.name}`, {
      next: `Name it with --name ${record.name}, or give --data-dir another folder.`,
    });
  }
  return { ...record, ...place };
}

/** Reads the record of a cluster from a file. Throws Failure, with advice, when it cannot be understood. */
export function readRecord(file: string, next?: string): ClusterRecord {
  const parsed = clusterRecord.safeParse(readJson(file));
  if (parsed.success) return parsed.data;
  return fail(`${file} is not the record of a cluster this version knows: ${z.prettifyError(parsed.error)}`, { next });
}

/** The records of clusters that live beside a place or in the usual folder, without its own. What cannot be read is left out. */
export function otherClusters(place: ClusterPlace): ClusterRecord[] {
  const bases = new Set([dirname(place.data), defaultBase]);
  const folders = [...bases].filter(existsSync).flatMap((base) => readdirSync(base).map((it) => join(base, it)));
  return folders
    .filter((it) => it !== place.data && existsSync(join(it, 'cluster.json')))
    .map((it) => clusterRecord.safeParse(readJson(join(it, 'cluster.json'))))
    .flatMap((it) => (it.success ? [it.data] : []));
}

/** As loadCluster, for commands that need a cluster to be there. */
export function existingCluster(place: ClusterPlace): Cluster {
  const cluster = loadCluster(place);
  if (cluster) return cluster;
  return fail(`there is no cluster named ${place.name} in ${place.data}`, {
    next: `'coracle up${place.name === defaultName ? '' : ` --name ${place.name}`}' makes one.`,
  });
}

/** Writes the record of a cluster, whole or not at all. */
export function saveCluster(place: ClusterPlace, record: ClusterRecord): Cluster {
  mkdirSync(place.data, { recursive: true, mode: 0o700 });
  const file = recordFile(place);
  writeFileSync(`${file}.new`, `${JSON.stringify(clusterRecord.parse(record), undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return { ...record, data: place.data, runtime: place.runtime };
}

/** What a cluster has in its data folder; whatever else may be there is not ours. */
export const ownEntries = [
  'cluster.json',
  'cluster.json.new',
  failedRecord,
  'admin.kubeconfig',
  'pki',
  'upgrade.json',
  'upgrade.json.new',
  'nodes',
  'backup',
  'restore',
] as const;

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return fail(`${file} is damaged: ${error.message}`);
    throw error;
  }
}
