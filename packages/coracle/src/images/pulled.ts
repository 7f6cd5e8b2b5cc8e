import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { RegistryOptions } from '../registry/registry.ts';
import { pullImage } from '../registry/transfer.ts';
import { imageCache } from './build.ts';
import { writeArchive } from './local.ts';

/** An image that was fetched from a registry. */
export interface PulledImage {
  reference: string;
  /** The OCI archive. */
  archive: string;
  size: number;
}

const folderOf = (cache: string): string => join(cache, 'pulled');

/** Fetches an image from a registry and keeps it as an OCI archive. Throws Failure. */
export async function pullToCache(
  reference: string,
  options: RegistryOptions,
  cache = imageCache,
): Promise<PulledImage & { digest: string }> {
  const folder = folderOf(cache);
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, '.pull-'));
  try {
    const image = await pullImage(reference, work, options);
    const archive = join(folder, `${encodeURIComponent(reference)}.tar`);
    await writeArchive(image, reference, archive);
    return { reference, archive, size: statSync(archive).size, digest: image.manifest.digest };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The images that were fetched. */
export function pulledImages(cache = imageCache): PulledImage[] {
  const folder = folderOf(cache);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((it) => it.endsWith('.tar'))
    .sort()
    .map((it) => {
      const archive = join(folder, it);
      return { reference: decodeURIComponent(basename(it, '.tar')), archive, size: statSync(archive).size };
    });
}
