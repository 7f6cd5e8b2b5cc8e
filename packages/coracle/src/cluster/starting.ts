import { existsSync } from 'node:fs';
import { settleRestore } from '../backup/replacing.ts';
import type { Progress } from '../cli/progress.ts';
import { writeKubeconfig } from '../components/admin.ts';
import { servicesOf } from '../components/all.ts';
import { ensureForwarding } from '../forwarding/process.ts';
import { filterBridges } from '../host/links.ts';
import { type BuiltImage, buildImages, builtImage } from '../images/build.ts';
import { debianRoot, debianTree } from '../images/debian-root.ts';
import { importImages, pullImage } from '../images/import.ts';
import { recipes } from '../images/recipes.ts';
import type { NodeDriver, NodeSpec } from '../nodes/driver.ts';
import { raiseNetwork } from '../nodes/network.ts';
import { ensurePki } from '../pki/certificates.ts';
import { type Cluster, type NodeRecord, pkiFolder } from './cluster.ts';
import { compiledPrograms, compilePrograms, placeCompiled, wantsCompiled } from './compiled.ts';
import { exampleImage } from './example.ts';
import { takingNetworks } from './lock.ts';
import { networkOf, nodeFacts, nodeSpec, writeNodeConfig } from './node-spec.ts';
import { servicesAnswer } from './services.ts';
import { installContainers, isUnbuilt, lackedRecipes } from './system-containers.ts';

/** What the steps that start nodes share. */
export interface Starting {
  cluster: Cluster;
  driver: NodeDriver;
  progress: Progress;
  signal: AbortSignal;
}

/** `node dev-1`, `nodes dev-1 … dev-6` */
export function named(nodes: readonly { name: string }[]): string {
  const names = nodes.map((it) => it.name);
  if (names.length === 1) return `node ${names[0]}`;
  return `nodes ${names.length > 3 ? `${names[0]} … ${names.at(-1)}` : names.join(', ')}`;
}

/** Makes the certificates that are missing, and the administrator's kubeconfig. What an interrupted restore left is put right before. */
export async function ensureCertificates({ cluster, progress }: Starting): Promise<void> {
  settleRestore(cluster);
  const isNew = !existsSync(pkiFolder(cluster));
  const ensure = async () => {
    const made = await ensurePki(cluster);
    writeKubeconfig(cluster);
    return made;
  };
  if (isNew) await progress.step('certificates', ensure, (made) => `${made} certificates and keys`);
  else await ensure();
}

/** Builds what is missing; says what the images are that stand in for others. With `pull` the example's is not among them. */
export async function ensureImages({ progress }: Starting, pull: boolean): Promise<BuiltImage[]> {
  const { clusterDnsRecipe } = await import('../images/programs.ts');
  const all = [...recipes, clusterDnsRecipe];
  const wanted = all.filter((it) => !(pull && it.references.includes(exampleImage)));
  if (wanted.every((it) => builtImage(it))) return buildImages({ recipes: wanted });
  const built = await progress.step('images, built from Debian packages and our programs', () =>
    buildImages({ recipes: wanted }),
  );
  for (const it of built) progress.note(`      ${it.recipe.references.join(', ')}: ${it.recipe.about}`);
  if (!pull) progress.note('      (--pull takes the real nginx instead)');
  return built;
}

/**
 * Gives nodes that do not run the programs they start from: compiled ones where they have never run, or their root and their system containers.
 */
export async function ensurePrograms(starting: Starting, nodes: readonly NodeRecord[]): Promise<void> {
  const { cluster, progress } = starting;
  if (cluster.rootfs === 'debian') return ensureContainers(starting, nodes);
  if (!wantsCompiled(cluster)) return;
  const { folder, ready } = compiledPrograms();
  if (!ready) await progress.step('programs compiled', () => compilePrograms(folder));
  placeCompiled(cluster, folder);
}

async function ensureContainers({ cluster, progress }: Starting, nodes: readonly NodeRecord[]): Promise<void> {
  await filterBridges(); // a Debian tree has no modules of this machine's kernel
  for (const it of nodes) writeNodeConfig(cluster, it);
  if (!existsSync(debianTree())) {
    await progress.step('a Debian system with systemd, for the roots of nodes', () => debianRoot());
  }
  const lacked = lackedRecipes(cluster, nodes);
  const unbuilt = lacked.filter(isUnbuilt);
  if (unbuilt.length > 0) {
    await progress.step('images of our programs', () => buildImages({ recipes: unbuilt }));
  }
  if (lacked.length === 0) await installContainers(cluster, nodes);
  else
    await progress.step(`system containers installed: ${lacked.map((it) => it.name).join(', ')}`, () =>
      installContainers(cluster, nodes),
    );
}

/** Starts nodes that do not run, once the bridge they are joined to is there. */
export async function startNodes({ cluster, driver }: Starting, nodes: readonly NodeRecord[]): Promise<void> {
  for (const it of nodes) writeNodeConfig(cluster, it);
  await raise(cluster, nodes[0]!);
  await ensureForwarding(cluster);
  await Promise.all(nodes.map((it) => driver.start(nodeSpec(cluster, it))));
}

/** Makes the bridge, and has the host reach Services through a node. */
export function raise(cluster: Cluster, through: NodeRecord): Promise<void> {
  return takingNetworks(cluster, () => raiseNetwork(networkOf(cluster, through)));
}

/** Waits until services answer, on those of the nodes that have them. */
export async function answer(
  { cluster, signal }: Starting,
  nodes: readonly NodeRecord[],
  names: readonly string[],
): Promise<void> {
  await Promise.all(
    nodes.map((node) => {
      const own = servicesOf(cluster, node).filter((it) => names.includes(it));
      return servicesAnswer(cluster, nodeSpec(cluster, node), own, signal);
    }),
  );
}

/** Brings images into running nodes; with `pull` also the example's, from its registry. */
export async function provideImages(
  { cluster, driver }: Starting,
  nodes: readonly NodeRecord[],
  images: readonly BuiltImage[],
  pull: boolean,
): Promise<void> {
  await Promise.all(
    nodes.map(async (node) => {
      const spec: NodeSpec = nodeSpec(cluster, node);
      const running = await driver.find(spec);
      if (!running) throw new Error(`node ${node.name} has ended`);
      const target = { pid: running.pid, snapshotter: nodeFacts(spec.folder).snapshotter };
      await importImages(target, images);
      if (pull) await pullImage(target, exampleImage);
    }),
  );
}
