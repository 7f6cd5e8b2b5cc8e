import { type Cluster, checkout, controlPlanes, type NodeRecord } from '../cluster/cluster.ts';
import type { flaggedComponents } from '../cluster/wishes.ts';
import type { ServiceSettings } from '../node/settings.ts';

/** What the host decides about how components are configured. */
export interface NodeFacts {
  cgroupV1: boolean;
  /** Without it no process may lower its out-of-memory score. */
  mayAdjustOomScore: boolean;
  /** containerd's way to lay images over each other, as the file system allows. */
  snapshotter: 'overlayfs' | 'native';
}

/** A file below a node's /etc/coracle. Readable by its owner alone. */
export interface ConfigFile {
  /** Relative to /etc/coracle. */
  path: string;
  text: string;
  /** The component reads it again by itself when it changes. */
  followed?: true;
}

/** One process of a node: how it is run, and the files it reads. */
export interface Component {
  service: ServiceSettings;
  files: ConfigFile[];
}

/** What a component is made from. */
export interface ComponentInput {
  cluster: Cluster;
  node: NodeRecord;
  facts: NodeFacts;
  /** Reads a file of the cluster's pki folder: `ca.crt`. */
  pki: (file: string) => string;
}

/** Where a component finds a file of its own within the node. */
export const etc = (component: string, file: string): string => `/etc/coracle/${component}/${file}`;

/** The ordinary users components run as. Numbers that no system gives to anybody, so that none of the host's users is meant. */
export const users = {
  etcd: { uid: 61001, gid: 61001 },
  'kube-apiserver': { uid: 61002, gid: 61002 },
  'kube-controller-manager': { uid: 61003, gid: 61003 },
  'kube-scheduler': { uid: 61004, gid: 61004 },
  'load-balancer': { uid: 61005, gid: 61005 },
} as const;

/** The user a component runs as; undefined for those that need root. */
export function userOf(component: string): { uid: number; gid: number } | undefined {
  return Object.hasOwn(users, component) ? users[component as keyof typeof users] : undefined;
}

/** In which order the ranks of services stop, the last first: pods go before what they use, and the store goes last but the runtime. */
export const stopRanks = { runtime: 1, store: 2, api: 3, control: 4, node: 5 } as const;

/** Where a program's compile cache is, below a node's /var/cache. */
export const compileCache = (program: string): string => `coracle/${program}`;

/** The API server makes garbage by the megabyte; the others run as well with a small nursery, and save its memory. In MiB. */
const smallNursery = '--max-semi-space-size=2';
/** The API server makes much garbage under load: 8 MB cost it a few per cent of speed against the default 16, and save 35 MB when idle. */
const serverNursery = '--max-semi-space-size=8';

/** The flags of a program, without dashes, with those the user adds or replaces. */
export type Flags = Readonly<Record<string, string>>;

/** Where a node's load balancer listens. */
export const balancerPort = 6443;

/** Where the programs of a node reach the API: at the only server, or at the node's own balancer before several. */
export function apiServerUrl({ cluster }: Pick<ComponentInput, 'cluster'>): string {
  const [first, ...others] = controlPlanes(cluster);
  return others.length > 0 ? `https://127.0.0.1:${balancerPort}` : `https://${first!.address}:443`;
}

/** What programs that need the API wait for, of what their node has. */
export const afterApi = ({ cluster, node }: Pick<ComponentInput, 'cluster' | 'node'>): string[] => [
  ...(node.role === 'control-plane' ? ['kube-apiserver'] : []),
  ...(controlPlanes(cluster).length > 1 ? ['load-balancer'] : []),
];

/** The service of one of Coracle's own programs: its launcher, with a compile cache of its own that no other user can write. */
export function ownProgram(
  name: (typeof flaggedComponents)[number] | 'load-balancer',
  flags: Flags,
  { cluster }: Pick<ComponentInput, 'cluster'>,
  settings: Pick<ServiceSettings, 'after' | 'probe' | 'stopRank'> & {
    capabilities?: string[];
    folders?: ServiceSettings['folders'];
  },
): ServiceSettings {
  const cache = `/var/cache/${compileCache(name)}`;
  const user = userOf(name);
  const { capabilities, folders = [], ...rest } = settings;
  return {
    name,
    command: [
      `${checkout}/bin/${name}`,
      ...Object.entries({ ...flags, ...(name === 'load-balancer' ? {} : cluster.components.flags[name]) }).map(
        ([flag, value]) => `--${flag}=${value}`,
      ),
    ],
    env: {
      NODE_COMPILE_CACHE: cache,
      HOME: '/',
      CORACLE_NODE_OPTIONS: name === 'kube-apiserver' ? serverNursery : smallNursery,
    },
    user: user && { ...user, ...(capabilities ? { capabilities } : {}) },
    folders: [{ path: cache, mode: 0o700 }, ...folders],
    ...rest,
  };
}
