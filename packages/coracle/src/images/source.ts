import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FlagError } from '@coracle/process/flags';
import type { RegistryOptions } from '../registry/registry.ts';
import { pullImage } from '../registry/transfer.ts';
import { buildImages } from './build.ts';
import { type LocalImage, unpackArchive } from './local.ts';
import { programRecipes } from './programs.ts';
import { type Recipe, recipes } from './recipes.ts';

/** All images that can be built here. */
export const allRecipes: readonly Recipe[] = [...recipes, ...programRecipes];

/** The recipe of a name (`kubelet`) or of a full name (`coracle.local/kubelet:v1.36.0`). */
export const recipeFor = (name: string): Recipe | undefined =>
  allRecipes.find((it) => it.name === name || it.references.includes(name));

const archivePrefix = 'oci-archive:';

/**
 * Finds the image a user names and hands it to `work`, with the full name it was found under: `oci-archive:FILE[:NAME]`; the name of an image
 * that is built here, which is done if need be; or else a name in a registry. What is fetched or unpacked for it goes with it. Throws FlagError
 * for what names no image, and Failure when it cannot be had.
 */
export async function withImage<T>(
  named: string,
  options: RegistryOptions & { cache?: string },
  work: (image: LocalImage, reference: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-image-'));
  try {
    if (named.startsWith(archivePrefix)) {
      const [, file, name] = /^(.*?)(?::([^/].*))?$/.exec(named.slice(archivePrefix.length)) ?? [];
      if (!file) throw new FlagError(`${JSON.stringify(named)} names no file`);
      return await work(await unpackArchive(file, folder, name), named);
    }
    const recipe = recipeFor(named);
    if (recipe) {
      const [built] = await buildImages({ recipes: [recipe], ...(options.cache ? { cache: options.cache } : {}) });
      return await work(await unpackArchive(built!.archive, folder), recipe.references[0]!);
    }
    if (!/[./:]/.test(named)) {
      const names = allRecipes.map((it) => it.name).join(', ');
      throw new FlagError(
        `there is no image ${JSON.stringify(named)} to build (there is ${names}), and it names no registry`,
      );
    }
    return await work(await pullImage(named, folder, options), named);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
