import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkout } from '../cluster/cluster.ts';
import { fetchPackages, type Package } from './debian.ts';
import { compressedLayer, plainLayer } from './layer.ts';
import { ociArchive } from './oci.ts';
import type { Architecture } from './pause.ts';
import { type Recipe, recipes } from './recipes.ts';
import { digestOf, type Tree } from './tree.ts';

/** Where built images are kept for all clusters of this checkout. */
export const imageCache = join(checkout, '.cache/images');

/** An image that is built. */
export interface BuiltImage {
  recipe: Recipe;
  /** The OCI archive. */
  archive: string;
  /** Of the image's manifest. */
  digest: string;
  size: number;
  /** The packages it was built from. */
  packages: string[];
}

/** What is kept beside an archive. */
interface Note {
  recipe: string;
  digest: string;
  size: number;
  packages: string[];
}

/** The image of a recipe if it is built already, from the same recipe. */
export function builtImage(recipe: Recipe, cache = imageCache): BuiltImage | undefined {
  const { archive, note: file } = filesFor(recipe, cache);
  if (!existsSync(archive) || !existsSync(file)) return undefined;
  const note = JSON.parse(readFileSync(file, 'utf8')) as Note;
  if (note.recipe !== recipeKey(recipe)) return undefined;
  return { recipe, archive, digest: note.digest, size: note.size, packages: note.packages };
}

/** Builds the images of recipes, those that are there already only when `anew`. Packages are fetched once for all. */
export async function buildImages(
  options: { recipes?: readonly Recipe[]; cache?: string; anew?: boolean; architecture?: Architecture } = {},
): Promise<BuiltImage[]> {
  const { cache = imageCache, anew = false } = options;
  const wanted = options.recipes ?? recipes;
  const architecture = options.architecture ?? (process.arch as Architecture);
  const missing = wanted.filter((it) => anew || !builtImage(it, cache));
  if (missing.length > 0) {
    mkdirSync(cache, { recursive: true });
    const names = [...new Set(missing.flatMap((it) => it.packages))];
    const work = mkdtempSync(join(tmpdir(), 'coracle-images-'));
    try {
      const packages = names.length > 0 ? await fetchPackages(join(work, 'apt'), names) : [];
      for (const recipe of missing) await build(recipe, packages, architecture, cache, work);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  return wanted.map((it) => builtImage(it, cache)!);
}

async function build(
  recipe: Recipe,
  packages: Package[],
  architecture: Architecture,
  cache: string,
  work: string,
): Promise<void> {
  const { layers, config } = await recipe.build(packages, architecture, async (tree: Tree) => {
    const folder = mkdtempSync(join(work, 'run-'));
    for (const [path, entry] of tree) {
      if (entry.type === 'file') writeFileSync(join(folder, path), entry.content, { mode: entry.mode });
    }
    return folder;
  });
  const packed = await Promise.all(layers.map(recipe.compressed ? compressedLayer : plainLayer));
  const { archive: bytes, digest } = await ociArchive(recipe.references, architecture, packed, config);
  const { archive, note: file } = filesFor(recipe, cache);
  const note: Note = {
    recipe: recipeKey(recipe),
    digest,
    size: bytes.length,
    packages: recipe.packages.length > 0 ? packages.map((it) => `${it.name} ${it.version}`) : [],
  };
  const fresh = `${archive}.${process.pid}`; // another process may be building the same
  writeFileSync(fresh, bytes);
  renameSync(fresh, archive);
  writeFileSync(file, `${JSON.stringify(note, undefined, 2)}\n`);
}

function filesFor(recipe: Recipe, cache: string): { archive: string; note: string } {
  return { archive: join(cache, `${recipe.name}.tar`), note: join(cache, `${recipe.name}.json`) };
}

function recipeKey(recipe: Recipe): string {
  const { references, packages, revision } = recipe;
  return digestOf(JSON.stringify([references, packages, revision, process.arch, recipe.sources?.()]));
}
