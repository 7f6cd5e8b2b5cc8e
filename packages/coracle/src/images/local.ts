import { createHash } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { extract, pack } from 'tar-stream';
import { z } from 'zod';
import { Failure, fail } from '../failure.ts';
import { parseJson } from '../registry/json.ts';
import { forThisMachine, type Index, largestManifest, type Manifest, parseManifest } from '../registry/manifests.ts';
import { type Descriptor, mediaTypes } from './oci.ts';
import { buildTime, digestOf } from './tree.ts';

/** An image whose parts lie in a folder, each in a file named by its digest (the `blobs` of an OCI image layout). */
export interface LocalImage {
  manifest: Manifest;
  config: LocalConfig;
  folder: string;
}

const configShape = z.object({
  architecture: z.string(),
  os: z.string(),
  config: z
    .object({ Labels: z.record(z.string(), z.string()).nullish(), Env: z.array(z.string()).nullish() })
    .optional(),
  rootfs: z.object({ type: z.literal('layers'), diff_ids: z.array(z.string()) }),
});

/** What an image says of itself, as far as it matters here. */
export type LocalConfig = z.infer<typeof configShape>;

/** Where a part of an image lies. */
export const blobFile = (folder: string, digest: string): string => join(folder, 'blobs', digest.replace(':', '/'));

/** The image in a folder whose parts are all there. Throws Failure when its configuration is not valid. */
export function localImage(folder: string, manifest: Manifest, where: string): LocalImage {
  const parsed = configShape.safeParse(parseJson(readFileSync(blobFile(folder, manifest.config.digest))));
  if (!parsed.success) return fail(`the configuration of ${where} is not valid: ${z.prettifyError(parsed.error)}`);
  if (parsed.data.rootfs.diff_ids.length !== manifest.layers.length) {
    fail(
      `${where} has ${manifest.layers.length} layers, and its configuration names ${parsed.data.rootfs.diff_ids.length}`,
    );
  }
  return { manifest, config: parsed.data, folder };
}

/**
 * Unpacks an OCI archive into a folder. Of several images in it, `name` chooses one (its full name or its tag). Throws Failure for what is no
 * such archive, is damaged, or has not exactly one image to choose.
 */
export async function unpackArchive(archive: string, folder: string, name?: string): Promise<LocalImage> {
  if (!existsSync(archive)) fail(`there is no file ${archive}`);
  const where = `the image in ${archive}`;
  let index: Buffer | undefined;
  const unpack = extract();
  const reading = pipeline(createReadStream(archive), unpack);
  reading.catch(() => {}); // the loop below ends with the same error
  try {
    for await (const entry of unpack) {
      const content = entry as AsyncIterable<Buffer>;
      const { name: path, type, size = 0 } = entry.header;
      const clean = path.replace(/^\.\//, '');
      const [, digest] = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(clean) ?? [];
      if (type === 'file' && digest !== undefined)
        await keepBlob(content, blobFile(folder, `sha256:${digest}`), digest, where);
      else if (type === 'file' && clean === 'index.json' && size <= largestManifest) index = await buffer(content);
      else entry.resume();
    }
    await reading;
  } catch (error) {
    if (error instanceof Failure) throw error;
    fail(`${archive} is no OCI archive: ${(error as Error).message}`, { cause: error });
  }
  if (!index) return fail(`${archive} is no OCI archive: it has no index.json`);
  const all = parseManifest(index, mediaTypes.index, archive) as Index;
  return localImage(folder, manifestIn(folder, chosen(all, name, archive), where), where);
}

async function keepBlob(source: AsyncIterable<Buffer>, file: string, digest: string, where: string): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  const hash = createHash('sha256');
  await pipeline(
    source,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(file),
  );
  if (hash.digest('hex') !== digest) fail(`${where} is damaged: sha256:${digest} is something else`);
}

/** The one entry that is meant; an image may be there under several names. */
function chosen(index: Index, name: string | undefined, archive: string): Index {
  const names = (it: Index['manifests'][number]) =>
    ['io.containerd.image.name', 'org.opencontainers.image.ref.name'].flatMap((key) => it.annotations?.[key] ?? []);
  const fitting = index.manifests.filter((it) => name === undefined || names(it).includes(name));
  const digests = new Set(fitting.map((it) => it.digest));
  // One image for several platforms is one entry a platform.
  const platforms = new Set(fitting.map((it) => `${it.platform?.os}/${it.platform?.architecture}`));
  if (fitting.length === 0) fail(`${archive} has no image${name === undefined ? '' : ` ${name}`}`);
  if (digests.size > 1 && platforms.size < digests.size) {
    const all = [...new Set(fitting.map((it) => names(it)[0] ?? it.digest))];
    fail(`${archive} has several images: ${all.join(', ')}`, { next: `Name one: oci-archive:${archive}:NAME` });
  }
  return { ...index, manifests: fitting };
}

function manifestIn(folder: string, index: Index, where: string): Manifest {
  const { digest, mediaType } = forThisMachine(index, where);
  const manifest = parseManifest(present(folder, digest, where), mediaType, where);
  if ('manifests' in manifest) return manifestIn(folder, manifest, where);
  for (const it of [manifest.config, ...manifest.layers]) {
    const file = blobFile(folder, it.digest);
    if (!existsSync(file)) fail(`${where} lacks ${it.digest}`);
    const { size } = statSync(file);
    if (size !== it.size) fail(`${where}: ${it.digest} has ${size} bytes, and its manifest says ${it.size}`);
  }
  return manifest;
}

function present(folder: string, digest: string, where: string): Buffer {
  const file = blobFile(folder, digest);
  return existsSync(file) ? readFileSync(file) : fail(`${where} lacks ${digest}`);
}

/** Writes an OCI archive of an image under its full name, whole or not at all. */
export async function writeArchive(image: LocalImage, name: string, archive: string): Promise<void> {
  const { manifest, folder, config } = image;
  const out = pack();
  const fresh = `${archive}.new`;
  const writing = pipeline(out, createWriteStream(fresh));
  writing.catch(() => {}); // awaited at the end
  const add = (path: string, content: Buffer) => out.entry({ name: path, mtime: buildTime, mode: 0o644 }, content);
  const blobs = new Map<string, Descriptor>([manifest.config, ...manifest.layers].map((it) => [it.digest, it]));
  for (const { digest, size } of blobs.values()) {
    const entry = out.entry({ name: `blobs/${digest.replace(':', '/')}`, mtime: buildTime, mode: 0o644, size });
    await pipeline(createReadStream(blobFile(folder, digest)), entry);
  }
  add(`blobs/${manifest.digest.replace(':', '/')}`, manifest.bytes);
  const { architecture, os } = config;
  const index = {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [
      {
        mediaType: manifest.mediaType,
        digest: digestOf(manifest.bytes),
        size: manifest.bytes.length,
        platform: { architecture, os },
        annotations: { 'io.containerd.image.name': name },
      },
    ],
  };
  add('index.json', Buffer.from(JSON.stringify(index)));
  add('oci-layout', Buffer.from(JSON.stringify({ imageLayoutVersion: '1.0.0' })));
  out.finalize();
  await writing;
  renameSync(fresh, archive);
}
