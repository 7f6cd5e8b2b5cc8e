import { processesIn } from '../host/cgroups.ts';
import { readProcess } from '../host/processes.ts';
import type { ServiceStatus } from '../node/settings.ts';
import type { NodeDriver, NodeIdentity } from '../nodes/driver.ts';
import { cgroupOf } from '../nodes/runc/config.ts';
import { adminKubeconfig, adminServer, type Cluster } from './cluster.ts';
import { controlSocket, nodeIdentity } from './node-spec.ts';
import { askNode } from './node-status.ts';

/** A service as the host sees it. */
export interface ServiceState extends Omit<ServiceStatus, 'pid'> {
  /** On the host. */
  pid?: number;
  /** Resident memory in bytes, all its processes. */
  memory?: number;
}

export interface NodeState {
  name: string;
  address: string;
  state: 'stopped' | 'starting' | 'running' | 'stopping';
  pid?: number;
  services: ServiceState[];
}

/** All that can be said of a cluster without asking its API. */
export interface ClusterState {
  name: string;
  state: 'stopped' | 'running' | 'degraded';
  server: string;
  kubeconfig: string;
  data: string;
  serviceCidr: string;
  podCidr: string;
  nodes: NodeState[];
}

/** Looks at a cluster. `running` means that all services of all nodes answer. */
export async function clusterState(cluster: Cluster, driver: NodeDriver): Promise<ClusterState> {
  const nodes = await Promise.all(
    cluster.nodes.map(async ({ name, address }): Promise<NodeState> => {
      const identity = nodeIdentity(cluster, name);
      const running = await driver.find(identity);
      if (!running) return { name, address, state: 'stopped', services: [] };
      const status = await askNode(controlSocket(identity));
      const hosts = hostProcesses(identity);
      const services = (status?.services ?? []).map(({ pid, ...it }): ServiceState => {
        const onHost = pid === undefined ? undefined : hosts.get(pid);
        return { ...it, pid: onHost, memory: onHost === undefined ? undefined : residentMemory(onHost) };
      });
      return { name, address, state: status?.state ?? 'starting', pid: running.pid, services };
    }),
  );
  const whole = nodes.every(
    (it) => it.state === 'running' && it.services.every((service) => service.state === 'running'),
  );
  const none = nodes.every((it) => it.state === 'stopped');
  return {
    name: cluster.name,
    state: none ? 'stopped' : whole ? 'running' : 'degraded',
    server: adminServer(cluster),
    kubeconfig: adminKubeconfig(cluster),
    data: cluster.data,
    serviceCidr: cluster.serviceCidr,
    podCidr: cluster.podCidr,
    nodes,
  };
}

/**
 * Processes of a node by their number there. That is the second of the numbers a process has, ours being the first, whether or not it is in a
 * namespace of its own within the node.
 */
function hostProcesses(node: NodeIdentity): Map<number, number> {
  const found = new Map<number, number>();
  for (const pid of processesIn(cgroupOf(node))) {
    const inner = /^NSpid:\t\d+\t(\d+)/m.exec(readProcess(pid, 'status') ?? '')?.[1];
    if (inner !== undefined) found.set(Number(inner), pid);
  }
  return found;
}

function residentMemory(pid: number): number | undefined {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readProcess(pid, 'status') ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
