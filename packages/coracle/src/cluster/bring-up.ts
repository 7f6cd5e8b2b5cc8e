import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { node as nodeKind } from '@coracle/api/core/v1/node';
import { isNotFound } from '@coracle/api/meta/status';
import { type Client, connect } from '@coracle/client';
import { type Progress, seconds } from '../cli/progress.ts';
import { writeKubeconfig } from '../components/admin.ts';
import { fail } from '../failure.ts';
import { takenNetworks } from '../host/links.ts';
import { type BuiltImage, buildImages, builtImage } from '../images/build.ts';
import { importImages, pullImage } from '../images/import.ts';
import { recipes } from '../images/recipes.ts';
import type { NodeDriver, NodeSpec, RunningNode } from '../nodes/driver.ts';
import { raiseNetwork } from '../nodes/network.ts';
import { ensurePki } from '../pki/certificates.ts';
import {
  type Cluster,
  type ClusterPlace,
  checkout,
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
import { waitFor } from './wait.ts';

export interface BringUpOptions {
  nodes: number;
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
 * Brings a cluster from wherever it is (not there, stopped, crashed, running) to where its nodes are Ready and the example answers. What a
 * failed attempt started is stopped again; what it wrote stays, for the next attempt and for reading the logs.
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
  if (existing && existing.nodes.length !== options.nodes) {
    fail(`cluster ${place.name} has ${existing.nodes.length} node(s), and --nodes says ${options.nodes}`);
  }
  if (!existing) checkEmpty(place);
  const cluster = existing ?? (await plan(place, options.nodes));
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
    const started = before
      ? running
      : await progress.step(`node ${specs.map((it) => it.name).join(', ')} started`, () =>
          startNodes(cluster, specs, driver),
        );
    // Node conditions from before this start say nothing; they are written with whole seconds.
    const since = before ? 0 : begin - 1000;
    const example = await settle(cluster, specs, started, images, options, { progress, signal, since });
    return { cluster, before, example };
  } catch (error) {
    if (!before) await progress.step('everything stopped again', () => takeDown(cluster, driver));
    throw error;
  }
}

/** From started nodes to an example that answers. */
async function settle(
  cluster: Cluster,
  specs: readonly NodeSpec[],
  nodes: readonly RunningNode[],
  images: readonly BuiltImage[],
  options: BringUpOptions,
  { progress, signal, since }: { progress: Progress; signal: AbortSignal; since: number },
): Promise<ExampleAddresses | undefined> {
  const each = (names: readonly string[]) => Promise.all(specs.map((it) => servicesAnswer(cluster, it, names, signal)));
  await progress.step('etcd and containerd', () => each(['etcd', 'containerd']));
  // The API server takes its time to start; meanwhile images are imported.
  const imported = provideImages(cluster, specs, nodes, images, options);
  imported.catch(() => {}); // reported where it is waited for
  await progress.step('kube-apiserver', () => each(['kube-apiserver']));
  const client = connect(adminConfig(cluster));
  await progress.step('API ready', () => apiReady(client, cluster, signal));
  await progress.step('kubelet, kube-controller-manager, kube-scheduler, kube-proxy', () =>
    each(['kubelet', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy']),
  );
  await progress.step(`node ${specs.map((it) => it.name).join(', ')} Ready`, () =>
    nodesReady(client, cluster, since, signal),
  );
  await progress.step('images in the node', () => imported);
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
function plan(place: ClusterPlace, nodes: number): Promise<Cluster> {
  return takingNetworks(place, async () => {
    const cluster = saveCluster(place, planCluster(place.name, nodes, await takenNetworks(), otherClusters(place)));
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

async function startNodes(cluster: Cluster, specs: readonly NodeSpec[], driver: NodeDriver): Promise<RunningNode[]> {
  for (const it of cluster.nodes) writeNodeConfig(cluster, it);
  await takingNetworks(cluster, () => raise(cluster));
  return Promise.all(specs.map((it) => driver.start(it)));
}

async function provideImages(
  cluster: Cluster,
  specs: readonly NodeSpec[],
  nodes: readonly RunningNode[],
  images: readonly BuiltImage[],
  options: BringUpOptions,
): Promise<void> {
  await Promise.all(
    specs.map(async (spec, index) => {
      const target = { pid: nodes[index]!.pid, snapshotter: nodeFacts(spec.folder).snapshotter };
      await importImages(target, images);
      if (options.pull && !cluster.exampleApplied) await pullImage(target, exampleImage);
    }),
  );
}

async function apiReady(client: Client, cluster: Cluster, signal: AbortSignal): Promise<void> {
  const limit = 60_000;
  let last: unknown;
  const ready = await waitFor(
    async () => {
      try {
        return (await client.request('GET', '/readyz')).status === 200 ? true : undefined;
      } catch (error) {
        last = error; // not listening yet, or not ready: asked again
        return undefined;
      }
    },
    limit,
    signal,
  );
  if (ready) return;
  fail(`kube-apiserver is not ready within ${seconds(limit)}: ${(last as Error | undefined)?.message ?? ''}`, {
    log: join(logFolder(cluster, cluster.nodes[0]!.name), 'kube-apiserver.log'),
  });
}

async function nodesReady(client: Client, cluster: Cluster, since: number, signal: AbortSignal): Promise<void> {
  const limit = 60_000;
  for (const { name } of cluster.nodes) {
    let last = 'it has not registered itself';
    const ready = await waitFor(
      async () => {
        try {
          const found = await client.get(nodeKind, name);
          const condition = found.status?.conditions?.find((it) => it.type === 'Ready');
          last = condition?.message ?? 'it has no condition Ready';
          const fresh = Date.parse(condition?.lastHeartbeatTime ?? '') >= since;
          return condition?.status === 'True' && fresh ? true : undefined;
        } catch (error) {
          if (isNotFound(error)) return undefined;
          throw error;
        }
      },
      limit,
      signal,
    );
    if (!ready)
      fail(`node ${name} is not Ready within ${seconds(limit)}: ${last}`, {
        log: join(logFolder(cluster, name), 'kubelet.log'),
      });
  }
}

function adminConfig(cluster: Cluster): { server: string; caData: string; certData: string; keyData: string } {
  const read = (file: string) => readFileSync(join(pkiFolder(cluster), file), 'utf8');
  return {
    server: `https://${cluster.nodes[0]!.address}:443`,
    caData: read('ca.crt'),
    certData: read('admin.crt'),
    keyData: read('admin.key'),
  };
}
