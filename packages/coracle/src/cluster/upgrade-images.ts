import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../failure.ts';
import { buildImages } from '../images/build.ts';
import { pullToCache } from '../images/pulled.ts';
import { withImage } from '../images/source.ts';
import type { RegistryOptions } from '../registry/registry.ts';
import { versionOf } from '../system/deployment.ts';
import { recipeOf } from './system-containers.ts';

/** The image a component is brought to. */
export interface ComponentImage {
  component: string;
  /** The OCI archive on this machine. */
  archive: string;
  digest: string;
  version: string;
}

/** Where the images of an upgrade come from. */
export type ImageSource =
  /** Those of this checkout. */
  | { checkout: true }
  /** A folder of OCI archives, `<component>.tar`. */
  | { folder: string }
  /** A registry: `<prefix>/<component>:<version>`. */
  | { registry: string; version: string; options: RegistryOptions };

/**
 * Finds the images of components, all before anything is changed. Of a folder only those it has: other components stay as they are. Throws
 * Failure when one cannot be had or is no image.
 */
export async function upgradeImages(source: ImageSource, components: readonly string[]): Promise<ComponentImage[]> {
  if ('folder' in source) return fromFolder(source.folder, components);
  if ('checkout' in source) {
    const built = await buildImages({ recipes: components.map(recipeOf) });
    return inTurn(built, (it) => described(it.recipe.name, it.archive));
  }
  return inTurn(components, async (it) => {
    const { archive } = await pullToCache(`${source.registry}/${it}:${source.version}`, source.options);
    return described(it, archive);
  });
}

function fromFolder(folder: string, components: readonly string[]): Promise<ComponentImage[]> {
  const found = components.filter((it) => existsSync(join(folder, `${it}.tar`)));
  if (found.length === 0) {
    fail(`${folder} has no image of ${components.join(', ')}`, { next: 'Each is to be there as <component>.tar.' });
  }
  return inTurn(found, (it) => described(it, join(folder, `${it}.tar`)));
}

function described(component: string, archive: string): Promise<ComponentImage> {
  return withImage(`oci-archive:${archive}`, { plainHttp: false }, async (image) => ({
    component,
    archive,
    digest: image.manifest.digest,
    version: versionOf(image),
  }));
}

async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const it of items) results.push(await work(it));
  return results;
}
