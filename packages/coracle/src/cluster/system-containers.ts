import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type BuiltImage, buildImages, builtImage } from '../images/build.ts';
import { type LocalImage, unpackArchive } from '../images/local.ts';
import { programRecipes } from '../images/programs.ts';
import type { Recipe } from '../images/recipes.ts';
import type { NodeSettings, ServiceSettings } from '../node/settings.ts';
import {
  currentDeployment,
  currentSlot,
  type Deployment,
  readDeployment,
  systemContainers,
} from '../system/deployment.ts';
import { install } from '../system/install.ts';
import { treeAtRest } from '../system/machine.ts';
import { defaultBase, type SystemPlace, slots } from '../system/place.ts';
import { remove } from '../system/remove.ts';
import { systemSettings } from '../system/service-settings.ts';
import { recover } from '../system/switch.ts';
import { configure } from '../system/update.ts';
import { type Cluster, type NodeRecord, nodeFolder } from './cluster.ts';
import { isPlain } from './debian-node.ts';

/** The system containers of a node, as a tree at rest: its lasting folder is laid out as its root is. */
const placeOf = (cluster: Cluster, node: NodeRecord): SystemPlace => ({
  root: nodeFolder(cluster, node.name),
  base: defaultBase,
});

/** What a node's settings, as they are written, say of its system containers. */
export function containersOf(cluster: Cluster, node: NodeRecord): ServiceSettings[] {
  const file = join(nodeFolder(cluster, node.name), 'etc/coracle/node.json');
  const { services } = JSON.parse(readFileSync(file, 'utf8')) as NodeSettings;
  return services.filter((it) => !isPlain(it));
}

/** The recipe of a component's image. */
export function recipeOf(name: string): Recipe {
  const recipe = programRecipes.find((it) => it.name === name);
  if (!recipe) throw new Error(`there is no image of ${name}`);
  return recipe;
}

/** The recipes of images that nodes still lack. */
export function lackedRecipes(cluster: Cluster, nodes: readonly NodeRecord[]): Recipe[] {
  const names = nodes.flatMap((node) =>
    containersOf(cluster, node)
      .map((it) => it.name)
      .filter((it) => currentSlot(placeOf(cluster, node), it) === undefined),
  );
  return [...new Set(names)].map(recipeOf);
}

/** Whether an image is still to be built for nodes. */
export const isUnbuilt = (recipe: Recipe): boolean => builtImage(recipe) === undefined;

/**
 * Brings the system containers of nodes that do not run to what their settings say: those that lack are installed from images of this checkout,
 * others keep their image and get other settings, and those that are no longer named are removed. They start as the node boots.
 */
export async function installContainers(cluster: Cluster, nodes: readonly NodeRecord[]): Promise<void> {
  for (const node of nodes) {
    const place = placeOf(cluster, node);
    recover(place);
    const wanted = containersOf(cluster, node);
    for (const name of systemContainers(place)) {
      const service = wanted.find((it) => it.name === name);
      if (!service) await remove(place, treeAtRest, name);
      else if (!isAsWished(cluster, node, service))
        await configure({ place, machine: treeAtRest, name }, pairs(service));
    }
  }
  for (const image of await buildImages({ recipes: lackedRecipes(cluster, nodes) })) {
    await installOne(cluster, nodes, image);
  }
}

async function installOne(
  cluster: Cluster,
  nodes: readonly NodeRecord[],
  { recipe, archive }: BuiltImage,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-image-'));
  try {
    const image: LocalImage = await unpackArchive(archive, folder);
    for (const node of nodes) {
      const place = placeOf(cluster, node);
      const service = containersOf(cluster, node).find((it) => it.name === recipe.name);
      if (!service || currentSlot(place, service.name) !== undefined) continue;
      const operation = { place, machine: treeAtRest, name: service.name };
      await install(operation, image, recipe.references[0]!, pairs(service));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The settings of a service, for `--set`. */
export const pairs = (service: ServiceSettings): string[] =>
  Object.entries(systemSettings(service).settings).map(([name, value]) => `${name}=${value}`);

/** The names of a node's system containers. */
export const installedOn = (cluster: Cluster, node: NodeRecord): string[] => systemContainers(placeOf(cluster, node));

/** The deployments of one of a node's system containers, the current one first; none where it has none of that name. */
export function deploymentsOf(cluster: Cluster, node: NodeRecord, name: string): Deployment[] {
  const place = placeOf(cluster, node);
  const current = currentSlot(place, name);
  if (current === undefined) return [];
  return [current, ...slots.filter((it) => it !== current)].flatMap((it) => readDeployment(place, name, it) ?? []);
}

/** Whether a container that is installed has the settings and arguments that a service is to have. */
export function isAsWished(cluster: Cluster, node: NodeRecord, service: ServiceSettings): boolean {
  const { settings, folder } = currentDeployment(placeOf(cluster, node), service.name);
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as { process: { args: string[] } };
  return (
    isDeepStrictEqual(settings, systemSettings(service).settings) &&
    isDeepStrictEqual(config.process.args.slice(1), service.command.slice(1))
  );
}
