import { forgetBygones } from '../backup/aftermath.ts';
import type { Progress } from '../cli/progress.ts';
import { fail } from '../failure.ts';
import { ensureForwarding } from '../forwarding/process.ts';
import { explained } from '../host/disk.ts';
import { takenNetworks } from '../host/links.ts';
import { CommandError } from '../host/run.ts';
import type { NodeDriver } from '../nodes/driver.ts';
import { dropNetwork, raiseNetwork } from '../nodes/network.ts';
import { adminClient, apiReady, nodesReady } from './api.ts';
import {
  type Cluster,
  type ClusterPlace,
  controlPlanes,
  loadCluster,
  type NodeRecord,
  otherClusters,
  saveCluster,
} from './cluster.ts';
import { dnsAnswers } from './dns.ts';
import { Etcd } from './etcd.ts';
import { applyExample, type ExampleAddresses, exampleAddresses, exampleAnswers } from './example.ts';
import { clearFailedStart, keepLogsOnly } from './failed-start.ts';
import { takingNetworks } from './lock.ts';
import { logOf } from './log-reading.ts';
import { bridgeName } from './names.ts';
import { networkOf, nodeIdentity } from './node-spec.ts';
import { planCluster } from './plan.ts';
import { checkBeforehand, checkEmpty } from './preflight.ts';
import { checkSame, type Said } from './same.ts';
import {
  answer,
  ensureCertificates,
  ensureImages,
  ensurePrograms,
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
  /** What of that the user said, and so a cluster that is there already must be. */
  said: Said;
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
 * example answers. What a failed attempt started is stopped again; what it wrote stays, for the next attempt. Of a new cluster whose nodes were
 * never Ready only the logs stay, so that the next attempt is free to be another cluster.
 */
export async function bringUp(
  place: ClusterPlace,
  options: BringUpOptions,
  driver: NodeDriver,
  progress: Progress,
  signal: AbortSignal,
): Promise<BroughtUp> {
  const existing = loadCluster(place);
  if (existing) checkSame(existing, options.wishes, options.said);
  else {
    checkEmpty(place);
    await checkBeforehand(place, options.wishes.nodes, options.wishes.rootfs);
    clearFailedStart(place);
  }
  const cluster = existing ?? (await plan(place, options.wishes));
  const starting: Starting = { cluster, driver, progress, signal };
  const found = await Promise.all(cluster.nodes.map((it) => driver.find(nodeIdentity(cluster, it.name))));
  const stopped = cluster.nodes.filter((_, index) => !found[index]);
  const before = stopped.length === 0;
  if (existing && !before) await checkBeforehand(place, stopped, cluster.rootfs);
  let usable = existing !== undefined;
  try {
    const images = await start(starting, stopped, options);
    usable = true;
    const example = await complete(starting, options, images);
    return { cluster, before, example };
  } catch (error) {
    const reason = explained(error, place.data); // what is undone now may make room
    if (stopped.length === cluster.nodes.length) {
      await progress.step('everything stopped again', () => takeDown(cluster, driver));
    } else if (!before) {
      const stop = (node: NodeRecord) => driver.stop(nodeIdentity(cluster, node.name), nodePatience);
      await progress.step(`${named(stopped)} stopped again`, () => Promise.all(stopped.map(stop)));
    }
    if (!usable && keepLogsOnly(place))
      progress.note(`      of cluster ${cluster.name} only logs are kept, in ${place.data}`);
    throw reason;
  }
}

/** Starts nodes that do not run, and waits until all of them are Ready. Images get into them meanwhile. */
async function start(
  starting: Starting,
  stopped: readonly NodeRecord[],
  { pull }: { pull: boolean },
): Promise<{ imported: Promise<void> }> {
  const { cluster, progress, signal } = starting;
  const { nodes } = cluster;
  const begin = Date.now();
  await ensureCertificates(starting);
  const images = await ensureImages(starting, pull);
  await ensurePrograms(starting, stopped);
  signal.throwIfAborted();
  if (stopped.length > 0) await progress.step(`${named(stopped)} started`, () => startNodes(starting, stopped));
  await ensureForwarding(cluster);
  await progress.step('etcd and containerd', async () => {
    await answer(starting, nodes, ['etcd', 'containerd']);
    await prepareEtcd(cluster);
  });
  // The API server takes its time to start; meanwhile images are imported.
  const imported = provideImages(starting, nodes, images, pull && !cluster.exampleApplied);
  imported.catch(() => {}); // reported where it is waited for
  await progress.step('kube-apiserver', () => answer(starting, nodes, ['kube-apiserver']));
  await progress.step('API ready', () =>
    Promise.all(controlPlanes(cluster).map((it) => apiReady(cluster, it, signal))),
  );
  const client = adminClient(cluster);
  const { applyNodeAccess } = await import('../addons/addons.ts');
  await applyNodeAccess(cluster, client);
  await forgetBygones(cluster, client);
  const rest = ['overlay', 'kubelet', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy'];
  await progress.step(rest.join(', '), () => answer(starting, nodes, rest));
  // What nodes reported before this start says nothing; reports are written with whole seconds.
  const since = (node: NodeRecord) => (stopped.includes(node) ? begin - 1000 : 0);
  await progress.step(`${named(nodes)} Ready`, () => nodesReady(client, cluster, nodes, since, signal));
  return { imported };
}

/** From nodes that are Ready to an example that answers. */
async function complete(
  { cluster, progress, signal }: Starting,
  options: { example: boolean },
  { imported }: { imported: Promise<void> },
): Promise<ExampleAddresses | undefined> {
  const { nodes } = cluster;
  const client = adminClient(cluster);
  await progress.step(nodes.length === 1 ? 'images in the node' : 'images in the nodes', () => imported);
  await progress.step('cluster DNS answers', async () => {
    const { applyAddons, applyJoining } = await import('../addons/addons.ts');
    await applyJoining(cluster, client);
    await applyAddons(cluster, client);
    await dnsAnswers(cluster, signal);
  });
  if (options.example && !cluster.exampleApplied) {
    await progress.step('examples/nginx.yaml applied', () => applyExample(cluster));
    saveCluster(cluster, { ...cluster, exampleApplied: true });
  }
  const addresses = options.example ? await exampleAddresses(client, cluster) : undefined;
  if (addresses) {
    await progress.step('the example answers through its Services', () => exampleAnswers(addresses, cluster, signal));
  }
  return addresses;
}

/** Has etcd let in only whom it is to, and tells the pod network what it is. Does nothing the second time. */
async function prepareEtcd(cluster: Cluster): Promise<void> {
  const etcd = new Etcd(cluster);
  try {
    if (await etcd.guarded()) return;
    await etcd.ensureNetwork();
    await etcd.guard();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    fail(`etcd cannot be set up: ${error.stderr.trim().split('\n').at(-1)}`, {
      cause: error,
      ...logOf(cluster, controlPlanes(cluster)[0]!.name, 'etcd'),
    });
  }
}

/** Decides on the networks of a new cluster and takes them at once. When that fails there is no cluster. */
function plan(place: ClusterPlace, wishes: ClusterWishes): Promise<Cluster> {
  return takingNetworks(place, async () => {
    const record = planCluster(place.name, wishes, await takenNetworks(), otherClusters(place));
    try {
      const cluster = saveCluster(place, record);
      await raiseNetwork(networkOf(cluster, cluster.nodes[0]!));
      return cluster;
    } catch (error) {
      const reason = explained(error, place.data);
      await dropNetwork(bridgeName(place.name));
      keepLogsOnly(place);
      throw reason;
    }
  });
}
