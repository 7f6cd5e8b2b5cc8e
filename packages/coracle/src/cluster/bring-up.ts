import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '../cli/progress.ts';
import { writeKubeconfig } from '../components/admin.ts';
import { servicesOf } from '../components/all.ts';
import { fail } from '../failure.ts';
import { takenNetworks } from '../host/links.ts';
import { type BuiltImage, buildImages, builtImage } from '../images/build.ts';
import { importImages, pullImage } from '../images/import.ts';
import { recipes } from '../images/recipes.ts';
import type { NodeDriver, NodeSpec, RunningNode } from '../nodes/driver.ts';
import { raiseNetwork } from '../nodes/network.ts';
import { ensurePki } from '../pki/certificates.ts';
import { adminClient, apiReady, nodesReady } from './api.ts';
import {
  type Cluster,
  type ClusterPlace,
  checkout,
  controlPlanes,
  loadCluster,
  logFolder,
  otherClusters,
  pkiFolder,
  saveCluster,
} from './cluster.ts';
import { compiledPrograms, compilePrograms, placeCompiled, wantsCompiled } from './compiled.ts';
import { applyExample, type ExampleAddresses, exampleAddresses, exampleAnswers, exampleImage } from './example.ts';
import { takingNetworks } from './lock.ts';
import { nodeFacts, nodeSpec, writeNodeConfig } from './node-spec.ts';
import { planCluster } from './plan.ts';
import { servicesAnswer } from './services.ts';
import { takeDown } from './take-down.ts';
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

/** What the steps of a bring-up share. */
interface Attempt {
  cluster: Cluster;
  driver: NodeDriver;
  options: BringUpOptions;
  progress: Progress;
  signal: AbortSignal;
}

/** A node, what it is made from, and its process. */
interface StartedNode {
  spec: NodeSpec;
  running: RunningNode;
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
  checkReadable();
  const existing = loadCluster(place);
  if (existing && options.nodes !== undefined && existing.nodes.length !== options.nodes) {
    fail(`cluster ${place.name} has ${existing.nodes.length} node(s), and --nodes says ${options.nodes}`, {
      next: "'coracle node add' and 'coracle node remove' change how many there are.",
    });
  }
  if (!existing) checkEmpty(place);
  const cluster = existing ?? (await plan(place, options.wishes));
  const attempt: Attempt = { cluster, driver, options, progress, signal };
  const specs = cluster.nodes.map((it) => nodeSpec(cluster, it));
  const running = await Promise.all(specs.map((it) => driver.find(it)));
  const before = running.every((it) => it !== undefined);
  const begin = Date.now();
  try {
    await ensureCertificates(cluster, progress);
    const images = await ensureImages(options, progress);
    if (wantsCompiled(cluster)) {
      const { folder, ready } = compiledPrograms();
      if (!ready) await progress.step('programs compiled', () => compilePrograms(folder));
      placeCompiled(cluster, folder);
    }
    signal.throwIfAborted();
    const stopped = specs.filter((_, index) => !running[index]);
    if (stopped.length > 0) {
      const what = `${nodes(stopped)} started`;
      await progress.step(what, () => startNodes(attempt, stopped));
    }
    // Node conditions from before this start say nothing; they are written with whole seconds.
    const since = before ? 0 : begin - 1000;
    const example = await settle(attempt, specs, images, since);
    return { cluster, before, example };
  } catch (error) {
    if (!before) await progress.step('everything stopped again', () => takeDown(cluster, driver));
    throw error;
  }
}

/** From started nodes to an example that answers. */
async function settle(
  { cluster, driver, options, progress, signal }: Attempt,
  specs: readonly NodeSpec[],
  images: readonly BuiltImage[],
  since: number,
): Promise<ExampleAddresses | undefined> {
  const started = await Promise.all(
    specs.map(async (spec): Promise<StartedNode> => ({ spec, running: (await driver.find(spec))! })),
  );
  /** Waits for services on the nodes that have them. */
  const answer = (names: readonly string[]) =>
    Promise.all(
      cluster.nodes.map((node, index) => {
        const own = servicesOf(node).filter((it) => names.includes(it));
        return servicesAnswer(cluster, specs[index]!, own, signal);
      }),
    );
  await progress.step('etcd and containerd', () => answer(['etcd', 'containerd']));
  // The API server takes its time to start; meanwhile images are imported.
  const imported = provideImages(cluster, started, images, options);
  imported.catch(() => {}); // reported where it is waited for
  await progress.step('kube-apiserver', () => answer(['kube-apiserver']));
  await progress.step('API ready', () =>
    Promise.all(controlPlanes(cluster).map((it) => apiReady(cluster, it, signal))),
  );
  const rest = ['kubelet', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy'];
  await progress.step(rest.join(', '), () => answer(rest));
  const client = adminClient(cluster);
  await progress.step(`${nodes(cluster.nodes)} Ready`, () => nodesReady(client, cluster, cluster.nodes, since, signal));
  await progress.step('images in the nodes', () => imported);
  if (options.example && !cluster.exampleApplied) {
    await progress.step('examples/nginx.yaml applied', () => applyExample(cluster));
    saveCluster(cluster, { ...cluster, exampleApplied: true });
  }
  const addresses = options.example ? await exampleAddresses(client, cluster) : undefined;
  if (addresses) {
    await progress.step('the example answers through its Services', () =>
      exampleAnswers(addresses, logFolder(cluster, cluster.nodes[0]!.name), signal),
    );
  }
  return addresses;
}

/** `node dev-1`, `nodes dev-1 … dev-6` */
function nodes(them: readonly { name: string }[]): string {
  const names = them.map((it) => it.name);
  if (names.length === 1) return `node ${names[0]}`;
  return `nodes ${names.length > 3 ? `${names[0]} … ${names.at(-1)}` : names.join(', ')}`;
}

/** etcd, the API server, scheduler and controller manager run as ordinary users, who must be able to read their programs. */
function checkReadable(): void {
  const files = ['', 'bin/kube-apiserver', 'packages/apiserver/src/main.ts', 'node_modules'].map((it) =>
    join(checkout, it),
  );
  const shut = [...files, process.execPath].find((it) => (statSync(it).mode & 0o004) === 0);
  if (shut)
    fail(`${shut} can be read by its owner only, and components run as other users`, {
      next: `chmod -R o+rX ${checkout}`,
    });
}

function checkEmpty(place: ClusterPlace): void {
  if (existsSync(place.data) && readdirSync(place.data).length > 0) {
    fail(`${place.data} holds other files, and no cluster`, { next: 'Give --data-dir a new or empty folder.' });
  }
}

/** Decides on the networks of a new cluster and takes them at once. */
function plan(place: ClusterPlace, wishes: ClusterWishes): Promise<Cluster> {
  return takingNetworks(place, async () => {
    const cluster = saveCluster(place, planCluster(place.name, wishes, await takenNetworks(), otherClusters(place)));
    await raise(cluster);
    return cluster;
  });
}

function raise(cluster: Cluster): Promise<void> {
  const first = nodeSpec(cluster, cluster.nodes[0]!);
  return raiseNetwork({ ...first, serviceCidr: cluster.serviceCidr, serviceGateway: first.address });
}

async function ensureCertificates(cluster: Cluster, progress: Progress): Promise<void> {
  const isNew = !existsSync(pkiFolder(cluster));
  const ensure = async () => {
    const made = await ensurePki(cluster);
    writeKubeconfig(cluster);
    return made;
  };
  if (isNew) await progress.step('certificates', ensure, (made) => `${made} certificates and keys`);
  else await ensure();
}

/** Builds what is missing; says what the images are that stand in for others. */
async function ensureImages(options: BringUpOptions, progress: Progress): Promise<BuiltImage[]> {
  const wanted = recipes.filter((it) => !(options.pull && it.references.includes(exampleImage)));
  if (wanted.every((it) => builtImage(it))) return buildImages({ recipes: wanted });
  const built = await progress.step('images, built from Debian packages', () => buildImages({ recipes: wanted }));
  for (const it of built) progress.note(`      ${it.recipe.references.join(', ')}: ${it.recipe.about}`);
  if (!options.pull) progress.note('      (--pull takes the real nginx instead)');
  return built;
}

/** Starts nodes that do not run, once the bridge they are joined to is there. */
async function startNodes({ cluster, driver }: Attempt, specs: readonly NodeSpec[]): Promise<void> {
  for (const spec of specs) writeNodeConfig(cluster, cluster.nodes.find((it) => it.name === spec.name)!);
  await takingNetworks(cluster, () => raise(cluster));
  await Promise.all(specs.map((it) => driver.start(it)));
}

async function provideImages(
  cluster: Cluster,
  started: readonly StartedNode[],
  images: readonly BuiltImage[],
  options: BringUpOptions,
): Promise<void> {
  await Promise.all(
    started.map(async ({ spec, running }) => {
      const target = { pid: running.pid, snapshotter: nodeFacts(spec.folder).snapshotter };
      await importImages(target, images);
      if (options.pull && !cluster.exampleApplied) await pullImage(target, exampleImage);
    }),
  );
}
