import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { node as nodeKind } from '@coracle/api/core/v1/node';
import { isNotFound } from '@coracle/api/meta/status';
import { seconds } from '../cli/progress.ts';
import { servicesOf } from '../components/all.ts';
import { fail } from '../failure.ts';
import { ensureForwarding } from '../forwarding/process.ts';
import { certificatesOf } from '../pki/plan.ts';
import { adminClient, apiReady, nodesReady } from './api.ts';
import { type Cluster, controlPlanes, type NodeRecord, nodeFolder, pkiFolder, saveCluster } from './cluster.ts';
import { drained } from './drain.ts';
import { Etcd } from './etcd.ts';
import { logOf } from './log-reading.ts';
import { nodeIdentity } from './node-spec.ts';
import { planNode } from './plan.ts';
import { checkBeforehand } from './preflight.ts';
import { reconfigureNode } from './reconfigure.ts';
import {
  answer,
  ensureCertificates,
  ensureImages,
  ensurePrograms,
  named,
  provideImages,
  raise,
  type Starting,
  startNodes,
} from './starting.ts';
import { nodePatience } from './take-down.ts';
import { waitFor } from './wait.ts';
import type { NodeWishes } from './wishes.ts';

/**
 * Adds nodes to a cluster that runs, and waits until they are Ready. Workers are added together, control planes one after the other, so that
 * etcd has a majority throughout. When a step fails all that was done for the nodes of that step is undone. Throws Failure.
 */
export async function addNodes(starting: Starting, wishes: readonly NodeWishes[]): Promise<NodeRecord[]> {
  await checkBeforehand(starting.cluster, wishes, starting.cluster.rootfs);
  const workers = wishes.filter((it) => it.role === 'worker');
  const groups = [...wishes.filter((it) => it.role === 'control-plane').map((it) => [it]), workers];
  const added: NodeRecord[] = [];
  let { cluster } = starting;
  for (const group of groups.filter((it) => it.length > 0)) {
    const result = await addTogether({ ...starting, cluster }, group);
    cluster = result.cluster;
    added.push(...result.nodes);
  }
  return added;
}

async function addTogether(
  before: Starting,
  wishes: readonly NodeWishes[],
): Promise<{ cluster: Cluster; nodes: NodeRecord[] }> {
  const { driver, progress, signal } = before;
  const nodes: NodeRecord[] = [];
  let record: Cluster = before.cluster;
  for (const wish of wishes) {
    const planned = planNode(record, wish);
    nodes.push(planned.node);
    record = { ...before.cluster, ...planned.record };
  }
  const cluster = saveCluster(before.cluster, record);
  const starting: Starting = { ...before, cluster };
  const planes = nodes.filter((it) => it.role === 'control-plane');
  const begin = Date.now();
  try {
    await ensureCertificates(starting);
    const images = await ensureImages(starting, false);
    await ensurePrograms(starting, nodes);
    if (planes.length > 0) {
      // First, so that there are never two who each think they are the only one.
      await progress.step('the other nodes know of it', () => reconfigure(starting, before.cluster.nodes));
      for (const it of planes)
        await progress.step(`etcd has ${it.name} as a learner`, () => etcdOf(before).addLearner(it));
    }
    signal.throwIfAborted();
    await progress.step(`${named(nodes)} started`, () => startNodes(starting, nodes));
    await progress.step('containerd', () => answer(starting, nodes, ['etcd', 'containerd']));
    for (const it of planes) await progress.step(`etcd member ${it.name} votes`, () => promoted(starting, it));
    const imported = provideImages(starting, nodes, images, false);
    imported.catch(() => {}); // reported where it is waited for
    await comeReady(starting, nodes, begin - 1000);
    await progress.step('images', () => imported);
    if (planes.length > 0) await tellJoining(cluster);
    return { cluster, nodes };
  } catch (error) {
    await progress.step(`${named(nodes)} removed again`, async () => {
      for (const it of planes) await etcdOf(before).remove(it);
      await Promise.all(nodes.map((it) => driver.clean(nodeIdentity(cluster, it.name))));
      saveCluster(before.cluster, { ...before.cluster, nextNode: cluster.nextNode });
      for (const it of nodes) await forget(cluster, it);
      if (planes.length > 0) await reconfigure(before, before.cluster.nodes);
    });
    throw error;
  }
}

/** Drains a node and takes it out for good; with `drain` undefined it is not drained, and may be lost. Throws Failure. */
export async function removeNode(
  { cluster, driver, progress, signal }: Starting,
  node: NodeRecord,
  { drain }: { drain: number | undefined },
): Promise<void> {
  const rest = { ...cluster, nodes: cluster.nodes.filter((it) => it !== node) };
  if (controlPlanes(rest).length === 0) {
    fail(`${node.name} is the only control plane of cluster ${cluster.name}`, {
      next: `'coracle reset --name ${cluster.name}' removes the whole cluster.`,
    });
  }
  const insist = `'coracle node remove ${node.name} --force' removes it all the same; 'kubectl uncordon ${node.name}' takes it back.`;
  if (drain !== undefined) await progress.step(`${node.name} drained`, () => drained(cluster, node, drain, insist));
  signal.throwIfAborted();
  if (node.role === 'control-plane') {
    const etcd = new Etcd(cluster, controlPlanes(rest));
    await progress.step(`etcd goes on without ${node.name}`, () => etcd.remove(node));
  }
  await progress.step(`${node.name} stopped`, () => driver.stop(nodeIdentity(cluster, node.name), nodePatience));
  const starting: Starting = { cluster: saveCluster(cluster, rest), driver, progress, signal };
  await ensureCertificates(starting);
  await progress.step(`${node.name} removed`, async () => {
    await forget(starting.cluster, node);
    if (node.role === 'control-plane') {
      await reconfigure(starting, rest.nodes);
      await tellJoining(starting.cluster);
    }
    await reachServices(starting);
  });
}

/** Starts a node that does not run, and waits until it is Ready. Throws Failure, with the node stopped again. */
export async function startNode(starting: Starting, node: NodeRecord): Promise<void> {
  const { cluster, driver, progress } = starting;
  if (await driver.find(nodeIdentity(cluster, node.name))) fail(`node ${node.name} runs already`);
  await checkBeforehand(cluster, [node], cluster.rootfs);
  const begin = Date.now();
  try {
    await ensureCertificates(starting);
    await ensurePrograms(starting, [node]);
    await progress.step(`${named([node])} started`, () => startNodes(starting, [node]));
    await progress.step('containerd', () => answer(starting, [node], ['etcd', 'containerd']));
    await comeReady(starting, [node], begin - 1000);
  } catch (error) {
    await driver.clean(nodeIdentity(cluster, node.name));
    throw error;
  }
}

/** Stops a node in order. Throws Failure when it had to be killed. */
export async function stopNode(starting: Starting, node: NodeRecord): Promise<void> {
  const { cluster, driver, progress } = starting;
  const identity = nodeIdentity(cluster, node.name);
  await mustRun(starting, node);
  const inOrder = await progress.step(`${named([node])} stopped`, () => driver.stop(identity, nodePatience));
  await reachServices(starting);
  if (!inOrder) fail(`node ${node.name} did not stop by itself and was killed`);
}

/** Ends all processes of a node at once. */
export async function killNode(starting: Starting, node: NodeRecord): Promise<void> {
  const { cluster, driver, progress } = starting;
  await mustRun(starting, node);
  await progress.step(`${named([node])} killed`, () => driver.clean(nodeIdentity(cluster, node.name)));
  await reachServices(starting);
}

/** Has this machine and nodes that run take what the cluster's record now says, one node after the other. */
async function reconfigure(starting: Starting, nodes: readonly NodeRecord[]): Promise<void> {
  const { cluster, driver } = starting;
  await ensureForwarding(cluster);
  for (const node of nodes) {
    if (!(await reconfigureNode(cluster, node, driver))) continue;
    await answer(starting, [node], servicesOf(cluster, node));
  }
}

/** Waits until programs of nodes answer and the API knows the nodes as Ready by a report after `since`. */
async function comeReady(starting: Starting, nodes: readonly NodeRecord[], since: number): Promise<void> {
  const { cluster, progress, signal } = starting;
  const planes = nodes.filter((it) => it.role === 'control-plane');
  if (planes.length > 0) {
    await progress.step('kube-apiserver', async () => {
      await answer(starting, planes, ['kube-apiserver']);
      await Promise.all(planes.map((it) => apiReady(cluster, it, signal)));
    });
  }
  const rest = ['overlay', 'kubelet', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy'];
  await progress.step('overlay, kubelet, kube-proxy', () => answer(starting, nodes, rest));
  await progress.step(`${named(nodes)} Ready`, () =>
    nodesReady(adminClient(cluster), cluster, nodes, () => since, signal),
  );
}

/** Machines that join from now on are told of the control planes there are. */
async function tellJoining(cluster: Cluster): Promise<void> {
  const { applyJoining } = await import('../addons/addons.ts');
  await applyJoining(cluster, adminClient(cluster));
}

/** A learner gets its vote when it has what the leader has. */
async function promoted(starting: Starting, node: NodeRecord): Promise<void> {
  const limit = 60_000;
  const etcd = etcdOf(starting);
  const done = await waitFor(async () => (await etcd.promote(node)) || undefined, limit, starting.signal);
  if (!done) {
    fail(`the etcd member on ${node.name} has not caught up within ${seconds(limit)}`, {
      ...logOf(starting.cluster, node.name, 'etcd'),
    });
  }
}

const etcdOf = ({ cluster }: Starting): Etcd => new Etcd(cluster);

async function mustRun({ cluster, driver }: Starting, node: NodeRecord): Promise<void> {
  if (!(await driver.find(nodeIdentity(cluster, node.name)))) fail(`node ${node.name} does not run`);
}

/** The host's route to Services leads through a node that runs. */
async function reachServices({ cluster, driver }: Starting): Promise<void> {
  for (const node of cluster.nodes) {
    if (await driver.find(nodeIdentity(cluster, node.name))) return raise(cluster, node);
  }
}

/** Removes what there is of a node beside the cluster's record: its object in the API, its folder and its certificates. */
async function forget(cluster: Cluster, node: NodeRecord): Promise<void> {
  try {
    await adminClient(cluster).delete(nodeKind, node.name);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  rmSync(nodeFolder(cluster, node.name), { recursive: true, force: true });
  for (const file of certificatesOf(cluster, node)) {
    for (const end of ['crt', 'key']) rmSync(join(pkiFolder(cluster), `${file}.${end}`), { force: true });
  }
}
