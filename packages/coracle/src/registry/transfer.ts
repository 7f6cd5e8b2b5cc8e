import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseReference } from '@coracle/api/core/image-reference';
import { FlagError } from '@coracle/process/flags';
import { blobFile, type LocalImage, localImage } from '../images/local.ts';
import { fetchBlob, pushBlob } from './blobs.ts';
import { fetchManifest, putManifest } from './manifests.ts';
import { type RegistryOptions, Repository } from './registry.ts';

/** Fetches an image for this machine into a folder. Throws Failure. */
export async function pullImage(reference: string, folder: string, options: RegistryOptions): Promise<LocalImage> {
  const { repository, tag } = placeOf(reference, options);
  const manifest = await fetchManifest(repository, tag);
  for (const it of [manifest.config, ...manifest.layers]) {
    const file = blobFile(folder, it.digest);
    mkdirSync(dirname(file), { recursive: true });
    await fetchBlob(repository, it, file);
  }
  return localImage(folder, manifest, reference);
}

/** Brings an image into a registry under a name; parts that are there already are not sent again. Throws Failure. */
export async function pushImage(
  image: LocalImage,
  reference: string,
  options: RegistryOptions,
): Promise<{ sent: number; present: number }> {
  const { repository, tag } = placeOf(reference, options);
  const parts = new Map([image.manifest.config, ...image.manifest.layers].map((it) => [it.digest, it]));
  let sent = 0;
  for (const it of parts.values()) if (await pushBlob(repository, it, blobFile(image.folder, it.digest))) sent += 1;
  await putManifest(repository, tag, image.manifest);
  return { sent, present: parts.size - sent };
}

/** An image in a registry, without its layers: what its name stands for on this machine's platform. */
export async function remoteImage(
  reference: string,
  options: RegistryOptions,
): Promise<Pick<LocalImage, 'manifest' | 'config'>> {
  const { repository, tag } = placeOf(reference, options);
  const folder = mkdtempSync(join(tmpdir(), 'coracle-remote-'));
  try {
    const manifest = await fetchManifest(repository, tag);
    const file = blobFile(folder, manifest.config.digest);
    mkdirSync(dirname(file), { recursive: true });
    await fetchBlob(repository, manifest.config, file);
    return localImage(folder, manifest, reference);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function placeOf(reference: string, options: RegistryOptions): { repository: Repository; tag: string } {
  const parsed = parseReference(reference);
  if (!parsed) throw new FlagError(`${JSON.stringify(reference)} is no name of an image in a registry`);
  const repository = new Repository(parsed.registry, parsed.repository, options);
  return { repository, tag: parsed.digest ?? parsed.tag ?? 'latest' };
}
