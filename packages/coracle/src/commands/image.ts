import { boolFlag, FlagError, stringSliceFlag } from '@coracle/process/flags';
import { clusterFlags, command, placeFrom } from '../cli/command.ts';
import { Progress } from '../cli/progress.ts';
import { table } from '../cli/table.ts';
import { type ClusterPlace, existingCluster } from '../cluster/cluster.ts';
import { loadTargets } from '../cluster/load-targets.ts';
import { buildImages, builtImage } from '../images/build.ts';
import { loadArchives } from '../images/load.ts';
import { pulledImages, pullToCache } from '../images/pulled.ts';
import type { Recipe } from '../images/recipes.ts';
import { allRecipes, withImage } from '../images/source.ts';
import { runcDriver } from '../nodes/runc/driver.ts';
import { registryFlags, registryOptions } from '../registry/flags.ts';
import type { RegistryOptions } from '../registry/registry.ts';
import { pushImage } from '../registry/transfer.ts';

export default command({
  name: 'image',
  about: "build, list, load, push and pull images: Coracle's own, and those set-up brings into nodes",
  arguments: { usage: 'build|list|load|push|pull [IMAGE …]', least: 1, most: 100 },
  description: `coracle image list                  shows the images Coracle builds, what each is, and those that were pulled
coracle image build [IMAGE …]       builds them as OCI archives; those that are there only with --force
coracle image load FILE …           brings images from archives into the nodes of a cluster that run; - is standard input
coracle image push IMAGE REFERENCE  brings an image into a registry: one that is built here, or oci-archive:FILE
coracle image pull REFERENCE …      fetches images from a registry and keeps them as OCI archives

The images of Coracle's own programs hold a bundle of the program, the pinned Node.js and the libraries these need.
Archives to load are OCI image layouts or what 'docker save' writes, as they are or compressed by gzip. A name without a registry gets
docker.io/, as everywhere. Nodes that are added or made anew later do not have these images: load them again then.
The nginx and busybox images are stand-ins: they have the names of Docker Hub's, and run as those do, on Debian's programs.`,
  examples: [
    'coracle image list',
    'coracle image build kubelet',
    'docker save app:1 | coracle image load - --name dev',
    'coracle image push kubelet registry.example:5000/kubelet:v1.36.0',
    'coracle image pull localhost:5000/kubelet:v1.36.0 --plain-http',
  ],
  flags: {
    force: boolFlag({ help: 'build anew what is there already' }),
    ...registryFlags,
    ...clusterFlags,
    nodes: stringSliceFlag({ help: 'load into these nodes only' }),
  },
  async run({ flags, args: [action = '', ...rest] }) {
    if (action === 'list') return list(chosen(rest));
    if (action === 'build') return build(chosen(rest), flags.force);
    if (action === 'load') return load(rest, placeFrom(flags), flags.nodes);
    if (action === 'push') return push(rest, registryOptions(flags));
    if (action === 'pull') return pull(rest, registryOptions(flags));
    throw new FlagError(
      `unknown command ${JSON.stringify(action)} for "coracle image"; there is build, list, load, push and pull`,
    );
  },
});

function chosen(names: readonly string[]): Recipe[] {
  const unknown = names.find((name) => !allRecipes.some((it) => it.name === name));
  if (unknown !== undefined) {
    const all = allRecipes.map((it) => it.name).join(', ');
    throw new FlagError(`there is no image ${JSON.stringify(unknown)} to build; there is ${all}`);
  }
  return allRecipes.filter((it) => names.length === 0 || names.includes(it.name));
}

function list(recipes: readonly Recipe[]): number {
  const rows = recipes.map((it) => {
    const built = builtImage(it);
    return [it.name, it.references.join(', '), built ? megabytes(built.size) : 'not built', it.about];
  });
  process.stdout.write(table([['IMAGE', 'NAMES IN A NODE', 'SIZE', 'WHAT IT IS'], ...rows]));
  const pulled = pulledImages().map((it) => [it.reference, megabytes(it.size), it.archive]);
  if (pulled.length > 0) process.stdout.write(`\n${table([['PULLED', 'SIZE', 'ARCHIVE'], ...pulled])}`);
  return 0;
}

async function build(recipes: Recipe[], anew: boolean): Promise<number> {
  const built = await new Progress().step('images', () => buildImages({ recipes, anew }));
  for (const it of built) process.stdout.write(`${it.archive}  ${it.digest}\n  ${it.recipe.about}\n`);
  return 0;
}

async function load(files: readonly string[], place: ClusterPlace, nodes: readonly string[]): Promise<number> {
  if (files.length === 0 || files.filter((it) => it === '-').length > 1) {
    throw new FlagError('usage: coracle image load FILE … [flags]; - is standard input, and is there once');
  }
  const cluster = existingCluster(place);
  const targets = await loadTargets(cluster, nodes, runcDriver);
  const names = await loadArchives(files, targets, new Progress());
  process.stdout.write(names.map((it) => `${it}\n`).join(''));
  return 0;
}

async function push(args: readonly string[], options: RegistryOptions): Promise<number> {
  const [image, reference] = args;
  if (image === undefined || reference === undefined || args.length > 2)
    throw new FlagError('usage: coracle image push IMAGE REFERENCE [flags]');
  await withImage(image, options, async (found) => {
    const { sent, present } = await new Progress().step(`${image} pushed to ${reference}`, () =>
      pushImage(found, reference, options),
    );
    const parts = present === 0 ? `${sent} parts sent` : `${sent} parts sent, ${present} were there`;
    process.stdout.write(`${reference}@${found.manifest.digest}\n  ${parts}\n`);
  });
  return 0;
}

async function pull(references: readonly string[], options: RegistryOptions): Promise<number> {
  if (references.length === 0) throw new FlagError('usage: coracle image pull REFERENCE … [flags]');
  const progress = new Progress();
  for (const reference of references) {
    const pulled = await progress.step(`${reference} pulled`, () => pullToCache(reference, options));
    process.stdout.write(`${pulled.archive}  ${pulled.digest}\n`);
  }
  return 0;
}

const megabytes = (size: number): string => `${(size / 1e6).toFixed(1)} MB`;
