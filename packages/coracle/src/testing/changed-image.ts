import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plainLayer } from '../images/layer.ts';
import { blobFile, type LocalImage, localImage, unpackArchive, writeArchive } from '../images/local.ts';
import { digestOf, type Tree } from '../images/tree.ts';
import { parseManifest } from '../registry/manifests.ts';

/** What is different about a changed image. */
export interface ImageChange {
  version: string;
  /** Files that hide those of the image. */
  files?: Tree;
}

/** Writes an archive of an image as it is in another, but for its version and what a layer above the others hides. */
export async function changedImage(archive: string, target: string, { version, files }: ImageChange): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-changed-'));
  try {
    const image = await unpackArchive(archive, folder);
    await writeArchive(await changed(image, version, files ?? new Map()), `changed:${version}`, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function changed({ folder, manifest }: LocalImage, version: string, files: Tree): Promise<LocalImage> {
  const keep = (bytes: Buffer): { digest: string; size: number } => {
    const digest = digestOf(bytes);
    mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
    writeFileSync(blobFile(folder, digest), bytes);
    return { digest, size: bytes.length };
  };
  const json = (value: unknown) => keep(Buffer.from(JSON.stringify(value)));
  const config = JSON.parse(readFileSync(blobFile(folder, manifest.config.digest), 'utf8'));
  config.config.Labels['org.opencontainers.image.version'] = version;
  const layers = [...manifest.layers];
  if (files.size > 0) {
    const { blob, diffId, mediaType } = await plainLayer(files);
    config.rootfs.diff_ids.push(diffId);
    config.history.push({ created_by: 'a test' });
    layers.push({ mediaType, ...keep(blob) });
  }
  const { mediaType } = manifest;
  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType, config: { ...manifest.config, ...json(config) }, layers }),
  );
  const parsed = parseManifest(bytes, mediaType, 'the changed image');
  if ('manifests' in parsed) throw new Error('the changed image is an index');
  return localImage(folder, parsed, 'the changed image');
}
