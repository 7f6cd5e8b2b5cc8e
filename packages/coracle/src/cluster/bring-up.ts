import { applyAddons } from '../addons/addons.ts';
import type { Progress } from '../cli/progress.ts';
import { fail } from '../failure.ts';
import { ensureForwarding } from '../forwarding/process.ts';
import { takenNetworks } from '../host/links.ts';
import type { BuiltImage } from '../images/build.ts';
import type { NodeDriver } from '../nodes/driver.ts';
import { raiseNetwork } from '../nodes/network.ts';
import { adminClient, apiReady, nodesReady } from './api.ts';
import {
  type Cluster,
  type ClusterPlace,
  controlPlanes,
  loadCluster,
  logFolder,
  type NodeRecord,
  otherClusters,
  saveCluster,
} from './cluster.ts';
import { Etcd } from './etcd.ts';
import { applyExample, type ExampleAddresses, exampleAddresses, exampleAnswers } from './example.ts';
import { takingNetworks } from './lock.ts';
import { nodeIdentity, nodeSpec } from './node-spec.ts';
import { planCluster } from './plan.ts';
import { checkBeforehand, checkEmpty } from './preflight.ts';
import {
  answer,
  ensureCertificates,
  ensureCompiled,
  ensureImages,
  named,
  provideImages,
  type Starting,
  startNodes,
} from './starting.ts';
import { nodePatience, takeDown } from './take-down.ts';
import type { ClusterWishes } from './wishes.ts';

export interface BringUpOptions {
  /** What a new cluster is to be. */
  wishes: ClusterWishes;
  /** How many nodes the user says there are, of a cluster that is there already; undefined when nothing was said. */
  nodes?: number;
  /** Applies the example when this cluster has not had it yet. */
  example: boolean;
  /** Pulls the example's image from its registry instead of building a stand-in. */
  pull: boolean;
}

export interface BroughtUp {
  cluster: Cluster;
  /** Whether it ran already. */
  before: boolean;
  example: ExampleAddresses | undefined;
}

/**
 * Brings a cluster from wherever it is (not there, stopped, crashed, running, some nodes stopped) to where all its nodes are Ready and the
 * example answers. What a failed attempt started is stopped again; what it wrote stays, for the next attempt and for reading the logs.
 */
export async function bringUp(
  place: ClusterPlace,
  options: BringUpOptions,
  driver: NodeDriver,
  progress: Progress,
  signal: AbortSignal,
): Promise<BroughtUp> {
  const existing = loadCluster(place);
  if (existing && options.nodes !== undefined && existing.nodes.length !== options.nodes) {
    fail(`cluster ${place.name} has ${existing.nodes.length} node(s), and --nodes says ${options.nodes}`, {
      next: "'coracle node add' and 'coracle node remove' change how many there are.",
    });
  }
  if (!existing) {
    checkEmpty(place);
    await checkBeforehand(place, options.wishes.nodes);
  }
  const cluster = existing ?? (await plan(place, options.wishes));
  const starting: Starting = { cluster, driver, progress, signal };
  const found = await Promise.all(cluster.nodes.map((it) => driver.find(nodeIdentity(cluster, it.name))));
  const stopped = cluster.nodes.filter((_, index) => !found[index]);
  const before = stopped.length === 0;
  if (existing && !before) await checkBeforehand(place, stopped);
  const begin = Date.now();
  try {
    await ensureCertificates(starting);
    const images = await ensureImages(starting, options.pull);
    await ensureCompiled(starting);
    signal.throwIfAborted();
    if (!before) await progress.step(`${named(stopped)} started`, () => startNodes(starting, stopped));
    await ensureForwarding(cluster);
    // What nodes reported before this start says nothing; reports are written with whole seconds.
    const since = (node: NodeRecord) => (stopped.includes(node) ? begin - 1000 : 0);
    const example = await settle(starting, options, images, since);
    return { cluster, before, example };
  } catch (error) {
    if (stopped.length === cluster.nodes.length) {
      await progress.step('everything stopped again', () => takeDown(cluster, driver));
    } else if (!before) {
      const stop = (node: NodeRecord) => driver.stop(nodeIdentity(cluster, node.name), nodePatience);
      await progress.step(`${named(stopped)} stopped again`, () => Promise.all(stopped.map(stop)));
    }
    throw error;
  }
}

/** From started nodes to an example that answers. */
async function settle(
  starting: Starting,
  options: BringUpOptions,
  images: readonly BuiltImage[],
  since: (node: NodeRecord) => number,
): Promise<ExampleAddresses | undefined> {
  const { cluster, progress, signal } = starting;
  const { nodes } = cluster;
  await progress.step('etcd and containerd', async () => {
    await answer(starting, nodes, ['etcd', 'containerd']);
    await prepareEtcd(cluster);
  });
  // The API server takes its time to start; meanwhile images are imported.
  const imported = provideImages(starting, nodes, images, options.pull && !cluster.exampleApplied);
  imported.catch(() => {}); // reported where it is waited for
  await progress.step('kube-apiserver', () => answer(starting, nodes, ['kube-apiserver']));
  await progress.step('API ready', () =>
    Promise.all(controlPlanes(cluster).map((it) => apiReady(cluster, it, signal))),
  );
  const client = adminClient(cluster);
  await progress.step('add-ons', () => applyAddons(cluster, client));
  const rest = ['overlay', 'kubelet', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy'];
  await progress.step(rest.join(', '), () => answer(starting, nodes, rest));
  await progress.step(`${named(nodes)} Ready`, () => nodesReady(client, cluster, nodes, since, signal));
  await progress.step(nodes.length === 1 ? 'images in the node' : 'images in the nodes', () => imported);
  if (options.example && !cluster.exampleApplied) {
    await progress.step('examples/nginx.yaml applied', () => applyExample(cluster));
    saveCluster(cluster, { ...cluster, exampleApplied: true });
  }
  const addresses = options.example ? await exampleAddresses(client, cluster) : undefined;
  if (addresses) {
    await progress.step('the example answers through its Services', () =>
      exampleAnswers(addresses, logFolder(cluster, nodes[0]!.name), signal),
    );
  }
  return addresses;
}

/** Has etcd let in only whom it is to, and tells the pod network what it is. Does nothing the second time. */
async function prepareEtcd(cluster: Cluster): Promise<void> {
  const etcd = new Etcd(cluster);
  if (await etcd.guarded()) return;
  await etcd.ensureNetwork();
  await etcd.guard();
}

/** Decides on the networks of a new cluster and takes them at once. */
function plan(place: ClusterPlace, wishes: ClusterWishes): Promise<Cluster> {
  return takingNetworks(place, async () => {
    const cluster = saveCluster(place, planCluster(place.name, wishes, await takenNetworks(), otherClusters(place)));
    const first = nodeSpec(cluster, cluster.nodes[0]!);
    await raiseNetwork({ ...first, serviceCidr: cluster.serviceCidr, serviceGateway: first.address });
    return cluster;
  });
}
