import { constants, copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure, fail } from '../failure.ts';
import { run } from '../host/run.ts';
import { builtImage } from '../images/build.ts';
import { adminClient, apiReady, nodesReady } from './api.ts';
import { adminKubeconfig, type Cluster, checkout, controlPlanes, type NodeRecord, nodeFolder } from './cluster.ts';
import { drained } from './drain.ts';
import { nodeIdentity } from './node-spec.ts';
import { runOnNode } from './reconfigure.ts';
import { answer, type Starting } from './starting.ts';
import { deploymentsOf, installedOn, recipeOf } from './system-containers.ts';
import type { ComponentImage } from './upgrade-images.ts';
import { forgetUpgrade, readUpgrade, type UpgradeStep, withStep, writeUpgrade } from './upgrade-record.ts';

/** The components of the control plane, in the order they are brought on. */
const ofControlPlane = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;
/** Those of each node, in that order. */
const ofNode = ['load-balancer', 'overlay', 'kubelet', 'kube-proxy'] as const;

export interface UpgradeOptions {
  /** How long pods may take to leave a node, in milliseconds; undefined leaves them there. */
  drain: number | undefined;
  /** How long a component may take until it is healthy, in milliseconds; undefined for what its image says. */
  health?: number | undefined;
}

/** Part of a plan: components of a node that are changed together. */
interface Stage {
  node: NodeRecord;
  /** Whether pods leave the node meanwhile. */
  emptied: boolean;
  steps: UpgradeStep[];
}

/** Refuses clusters that cannot be upgraded, or do not run whole. Throws Failure. */
export async function checkUpgradable({ cluster, driver }: Pick<Starting, 'cluster' | 'driver'>): Promise<void> {
  if (cluster.rootfs === 'host') {
    fail(
      `the nodes of cluster ${cluster.name} run their programs from this checkout, so there are no images to upgrade`,
      {
        next: "'coracle down' and 'coracle up' bring them to what the checkout holds now.",
      },
    );
  }
  for (const { name } of cluster.nodes) {
    if (!(await driver.find(nodeIdentity(cluster, name)))) {
      fail(`node ${name} does not run`, { next: "'coracle up' starts what does not run." });
    }
  }
}

/** The components that a cluster has as system containers. */
export const upgradable = (cluster: Cluster): string[] => [
  ...new Set(cluster.nodes.flatMap((it) => installedOn(cluster, it))),
];

/**
 * Brings a cluster that runs to other images: each control plane, then the nodes one by one, their pods leaving meanwhile. Stops at the first
 * component that is not healthy, which by then runs its version before again, and throws Failure that says what was done and what was not.
 * Resolves to how many components were changed.
 */
export async function upgrade(
  starting: Starting,
  images: readonly ComponentImage[],
  options: UpgradeOptions,
): Promise<number> {
  const { cluster } = starting;
  const stages = planUpgrade(cluster, images);
  const last = readUpgrade(cluster);
  let done: UpgradeStep[] = last && !last.complete ? last.steps : [];
  const changed = await carryOut(starting, stages, options, async (step) => {
    const image = images.find((it) => it.component === step.component)!;
    const archive = provide(cluster, step.node, image);
    await onNode(starting, step, 'update', options, `oci-archive:${archive}`);
    done = withStep(done, step);
    writeUpgrade(cluster, { complete: false, steps: done });
  });
  if (changed > 0) writeUpgrade(cluster, { complete: true, steps: done });
  for (const it of cluster.nodes) removeUnused(cluster, it, done);
  return changed;
}

/** Takes the last upgrade back, whole or as far as it came, in reverse. Throws Failure when there is none, as upgrade does otherwise. */
export async function rollbackUpgrade(starting: Starting, options: UpgradeOptions): Promise<number> {
  const { cluster } = starting;
  const last = readUpgrade(cluster);
  if (!last) fail(`there is no upgrade of cluster ${cluster.name} to go back from`);
  const current = (it: UpgradeStep) => {
    const node = cluster.nodes.find((each) => each.name === it.node);
    return node && deploymentsOf(cluster, node, it.component)[0]?.digest;
  };
  // Newest first; what has gone back already, by itself or by a person, stays.
  const open = last.steps.toReversed().filter((it) => current(it) === it.to.digest);
  let left = last.steps;
  const stages = staged(
    cluster,
    open.map((it) => ({ ...it, from: it.to, to: it.from })),
  );
  const changed = await carryOut(starting, stages, options, async (step) => {
    await goBack(starting, step, options);
    left = left.filter((it) => it.node !== step.node || it.component !== step.component);
    writeUpgrade(cluster, { complete: false, steps: left });
  });
  forgetUpgrade(cluster);
  return changed;
}

/** What an upgrade changes, in order: nothing of components that have the image already. */
export function planUpgrade(cluster: Cluster, images: readonly ComponentImage[]): Stage[] {
  const stepsOf = (node: NodeRecord, components: readonly string[]): UpgradeStep[] =>
    components.flatMap((component) => {
      const image = images.find((it) => it.component === component);
      const [current] = deploymentsOf(cluster, node, component);
      if (!image || !current || current.digest === image.digest) return [];
      const { version, digest } = current;
      return [
        { node: node.name, component, from: { version, digest }, to: { version: image.version, digest: image.digest } },
      ];
    });
  const workers = cluster.nodes.filter((it) => it.role === 'worker');
  return staged(cluster, [
    ...controlPlanes(cluster).flatMap((it) => stepsOf(it, [...ofControlPlane, ...ofNode])),
    ...workers.flatMap((it) => stepsOf(it, ofNode)),
  ]);
}

/** Steps by the node they follow each other on. Pods leave workers; control planes have none of them, or nothing but them to go to. */
function staged(cluster: Cluster, steps: readonly UpgradeStep[]): Stage[] {
  const stages: Stage[] = [];
  for (const step of steps) {
    const node = cluster.nodes.find((it) => it.name === step.node)!;
    if (stages.at(-1)?.node !== node) stages.push({ node, emptied: node.role === 'worker', steps: [] });
    stages.at(-1)!.steps.push(step);
  }
  return stages;
}

async function carryOut(
  starting: Starting,
  stages: readonly Stage[],
  options: UpgradeOptions,
  change: (step: UpgradeStep) => Promise<void>,
): Promise<number> {
  const { cluster, progress, signal } = starting;
  const all = stages.flatMap((it) => it.steps);
  let done = 0;
  for (const { node, emptied, steps } of stages) {
    const drain = emptied ? options.drain : undefined;
    const begin = Date.now();
    try {
      if (drain !== undefined) await progress.step(`${node.name} drained`, () => drained(cluster, node, drain, ''));
      for (const step of steps) {
        signal.throwIfAborted();
        await progress.step(described(step), () => change(step));
        done += 1;
      }
      // A kubelet that was started anew reports; others do so only now and then.
      const since = steps.some((it) => it.component === 'kubelet') ? begin - 1000 : 0;
      await progress.step(`${node.name} Ready`, () => healthy(starting, node, since));
    } catch (error) {
      if (drain !== undefined) await uncordon(cluster, node);
      throw told(error, all.slice(0, done), all.slice(done));
    }
    if (drain !== undefined) await progress.step(`${node.name} takes pods again`, () => uncordon(cluster, node));
  }
  return done;
}

/** All services of a node answer, and the API knows it as Ready by a report after `since`. */
async function healthy(starting: Starting, node: NodeRecord, since: number): Promise<void> {
  const { cluster, signal } = starting;
  await answer(starting, [node], installedOn(cluster, node));
  if (node.role === 'control-plane') await apiReady(cluster, node, signal);
  await nodesReady(adminClient(cluster), cluster, [node], () => since, signal);
}

const described = ({ node, component, from, to }: UpgradeStep): string =>
  `${node}: ${component} ${from.version} -> ${to.version}`;

/** A failure with what came before it, and what did not come to be. */
function told(error: unknown, done: readonly UpgradeStep[], left: readonly UpgradeStep[]): unknown {
  if (!(error instanceof Failure)) return error;
  const list = (steps: readonly UpgradeStep[]) => (steps.length === 0 ? 'nothing' : steps.map(described).join('; '));
  return new Failure(`${error.message}\nDone: ${list(done)}\nNot done: ${list(left)}`, {
    ...(error.log === undefined ? {} : { log: error.log, lastLines: error.lastLines }),
    cause: error,
    next: "'coracle upgrade --rollback' takes back what was done; 'coracle upgrade' again goes on.",
  });
}

/** `coracle system …` on the node of a step. */
function onNode(
  { cluster, driver }: Starting,
  step: UpgradeStep,
  action: 'update' | 'rollback',
  { health }: UpgradeOptions,
  ...args: string[]
): Promise<string> {
  const node = cluster.nodes.find((it) => it.name === step.node)!;
  const limit = health === undefined ? [] : [`--health-timeout=${health}ms`];
  return runOnNode(cluster, node, driver, [
    join(checkout, 'bin/coracle'),
    'system',
    action,
    step.component,
    ...args,
    ...limit,
  ]);
}

/**
 * Brings a component back: to the version its node still has beside the current one; or, where a failed update has used that place, to the same
 * image anew. Throws Failure.
 */
async function goBack(starting: Starting, step: UpgradeStep, options: UpgradeOptions): Promise<void> {
  const { cluster } = starting;
  const { component, to } = step;
  const node = cluster.nodes.find((it) => it.name === step.node)!;
  const beside = deploymentsOf(cluster, node, component)[1];
  if (beside?.digest === to.digest) {
    await onNode(starting, step, 'rollback', options);
    return;
  }
  const built = builtImage(recipeOf(component));
  const kept = existsSync(join(nodeFolder(cluster, node.name), archiveOf(component, to.digest)));
  if (!kept && built?.digest !== to.digest) {
    fail(`${node.name} no longer has ${component} ${to.version}, and this checkout does not build it`, {
      next: "'coracle upgrade --images DIR' brings it there, with that image in DIR.",
    });
  }
  const archive = kept
    ? archiveOf(component, to.digest)
    : provide(cluster, node.name, { component, archive: built!.archive, ...to });
  await onNode(starting, step, 'update', options, `oci-archive:${archive}`);
}

/** Where a node keeps the archives its system containers come from, which `coracle system verify` compares them with. */
const archives = '/var/lib/coracle/images';
const archiveOf = (component: string, digest: string): string =>
  join(archives, `${component}-${digest.slice('sha256:'.length, 19)}.tar`);

/** Brings an archive into a node; returns where the node sees it. */
function provide(cluster: Cluster, node: string, { component, archive, digest }: ComponentImage): string {
  const inNode = archiveOf(component, digest);
  const file = join(nodeFolder(cluster, node), inNode);
  mkdirSync(dirname(file), { recursive: true });
  if (!existsSync(file)) {
    copyFileSync(archive, `${file}.new`, constants.COPYFILE_FICLONE);
    renameSync(`${file}.new`, file);
  }
  return inNode;
}

/** Removes archives of versions that a node no longer has, and that no step leads back to. */
function removeUnused(cluster: Cluster, node: NodeRecord, steps: readonly UpgradeStep[]): void {
  const folder = join(nodeFolder(cluster, node.name), archives);
  if (!existsSync(folder)) return;
  const used = [
    ...installedOn(cluster, node).flatMap((it) => deploymentsOf(cluster, node, it).map(({ image }) => image)),
    ...steps.map((it) => archiveOf(it.component, it.from.digest)),
  ];
  for (const it of readdirSync(folder)) if (!used.some((image) => image.endsWith(`/${it}`))) rmSync(join(folder, it));
}

async function uncordon(cluster: Cluster, node: NodeRecord): Promise<void> {
  await run([join(checkout, 'bin/kubectl'), '--kubeconfig', adminKubeconfig(cluster), 'uncordon', node.name]);
}
