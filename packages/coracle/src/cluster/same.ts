import { isDeepStrictEqual } from 'node:util';
import { fail } from '../failure.ts';
import { formatNetwork, parseNetwork } from '../host/addresses.ts';
import { type Cluster, type ClusterRecord, controlPlanes } from './cluster.ts';
import { type ClusterWishes, nodeWishes } from './wishes.ts';

/** What a user said of a cluster on the command line. */
export interface Said {
  /** How many nodes it has. */
  nodes?: number | undefined;
  controlPlanes?: number | undefined;
  rootfs?: string | undefined;
  /** The file that says what it is. */
  file?: string;
}

/** A cluster that is there stays what it is. Throws Failure when the user said something else, and names it. */
export function checkSame(cluster: Cluster, wishes: ClusterWishes, said: Said): void {
  const counts = [
    ['nodes', said.nodes, cluster.nodes.length, 'node(s)'],
    ['control-planes', said.controlPlanes, controlPlanes(cluster).length, 'control plane(s)'],
  ] as const;
  for (const [flag, wanted, has, what] of counts) {
    if (wanted === undefined || wanted === has) continue;
    fail(`cluster ${cluster.name} has ${has} ${what}, and --${flag} says ${wanted}`, {
      next: "'coracle node add' and 'coracle node remove' change how many there are.",
    });
  }
  if (said.rootfs !== undefined && said.rootfs !== cluster.rootfs) {
    fail(`the nodes of cluster ${cluster.name} have the root ${cluster.rootfs}, and --rootfs says ${said.rootfs}`, {
      next: `'coracle reset --name ${cluster.name}' removes it, for one with other roots.`,
    });
  }
  if (said.file === undefined) return;
  const problems = differences(cluster, wishes);
  if (problems.length === 0) return;
  fail(
    `${said.file} says something else than cluster ${cluster.name}, which is there already, is:\n${problems.map((it) => `  ${it}`).join('\n')}`,
    {
      next: `Without --config the cluster comes back as it is; 'coracle reset --name ${cluster.name}' removes it, for one as the file says.`,
    },
  );
}

/** Where the wishes are not what a cluster is, a line each. Networks the file does not name may be any. */
export function differences(record: ClusterRecord, wishes: ClusterWishes): string[] {
  const { overlay, components, apiServer, nodes } = record;
  return [
    ...byKey('', { rootfs: record.rootfs }, { rootfs: wishes.rootfs }),
    ...network('networking.nodeSubnet', record.subnet, wishes.nodeSubnet),
    ...network('networking.podSubnet', record.podCidr, wishes.podSubnet),
    ...network('networking.serviceSubnet', record.serviceCidr, wishes.serviceSubnet),
    ...byKey('networking', overlay, wishes.overlay),
    ...[...new Set([...Object.keys(components.flags), ...Object.keys(wishes.components.flags)])].flatMap((name) => {
      const key = name as keyof typeof components.flags;
      return byKey(`components.flags.${key}`, components.flags[key] ?? {}, wishes.components.flags[key] ?? {});
    }),
    ...byKey('apiServer', apiServer, wishes.apiServer),
    ...byKey('components.kubelet', components.kubelet, wishes.components.kubelet),
    ...(nodes.length === wishes.nodes.length
      ? nodes.flatMap((it, at) => byKey(`nodes[${at}]`, nodeWishes.strip().parse(it), wishes.nodes[at]!))
      : [`nodes: it has ${nodes.length}, the file names ${wishes.nodes.length}`]),
  ];
}

function network(key: string, is: string, wanted: string | undefined): string[] {
  if (wanted === undefined || formatNetwork(parseNetwork(wanted)) === is) return [];
  return [`${key}: it is ${is}, the file says ${wanted}`];
}

function byKey(path: string, is: object, wanted: object): string[] {
  const [ours, theirs] = [is, wanted] as Record<string, unknown>[];
  return [...new Set([...Object.keys(is), ...Object.keys(wanted)])]
    .filter((key) => !isDeepStrictEqual(ours![key], theirs![key]))
    .map(
      (key) =>
        `${path === '' ? '' : `${path}.`}${key}: it is ${shown(ours![key])}, the file says ${shown(theirs![key])}`,
    );
}

const shown = (value: unknown): string => (value === undefined ? 'not set' : JSON.stringify(value));
