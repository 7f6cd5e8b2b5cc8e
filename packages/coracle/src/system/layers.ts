import { createHash } from 'node:crypto';
import {
  chmodSync,
  createReadStream,
  createWriteStream,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { Failure, fail } from '../failure.ts';
import { run } from '../host/run.ts';
import { blobFile, type LocalImage } from '../images/local.ts';
import { PathError, partsOf, within } from './scoped-path.ts';

const whiteout = '.wh.';
const opaque = '.wh..wh..opq';

/**
 * Lays the layers of an image over each other in an empty folder, with the owners, modes and times they say. No file lands outside, whatever
 * an archive holds. Throws Failure for what an image may not hold, or what is not supported.
 * https://github.com/opencontainers/image-spec/blob/v1.1.0/layer.md
 */
export async function applyLayers(image: LocalImage, root: string): Promise<void> {
  for (const [index, { digest, mediaType }] of image.manifest.layers.entries()) {
    try {
      const wanted = image.config.rootfs.diff_ids[index]!;
      const found = await applyLayer(createReadStream(blobFile(image.folder, digest)), mediaType, root);
      if (found !== wanted) fail(`the layer ${digest} holds ${found}, and the image says ${wanted}`);
    } catch (error) {
      if (error instanceof PathError) fail(`the layer ${digest} is refused: ${error.message}`, { cause: error });
      if (error instanceof Failure) throw error;
      fail(`the layer ${digest} cannot be unpacked: ${(error as Error).message}`, { cause: error });
    }
  }
}

/** Applies one layer; resolves to the digest of its tar archive. */
export async function applyLayer(source: Readable, mediaType: string, root: string): Promise<string> {
  const hash = createHash('sha256');
  const noting = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const unpack = extract();
  const reading = pipeline([source, ...decompression(mediaType), noting, unpack]);
  reading.catch(() => {}); // the loop below ends with the same error
  const layer: Layer = { root, own: new Set(), folders: [] };
  for await (const entry of unpack) {
    await place(layer, entry.header, entry as AsyncIterable<Buffer>);
    entry.resume();
  }
  await reading;
  for (const { path, mtime } of layer.folders.reverse()) {
    if (mtime && lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) lutimesSync(path, mtime, mtime);
  }
  return `sha256:${hash.digest('hex')}`;
}

interface Layer {
  root: string;
  /** The places this layer itself has filled, which its whiteouts do not mean. */
  own: Set<string>;
  /** Their times are set at the end, after all that changes them. */
  folders: { path: string; mtime: Date | undefined }[];
}

function decompression(mediaType: string): Transform[] {
  if (/[.+]gzip$/.test(mediaType)) return [createGunzip()];
  if (mediaType.endsWith('+zstd')) return [createZstdDecompress()];
  if (mediaType.endsWith('.tar')) return [];
  return fail(`a layer is of type ${mediaType}, which is not supported`);
}

async function place(layer: Layer, header: Header, content: AsyncIterable<Buffer>): Promise<void> {
  const { root, own } = layer;
  const parts = partsOf(header.name);
  if (parts.length === 0) {
    if (header.type === 'directory') ownRoot(root, header);
    return;
  }
  const path = within(root, parts);
  const name = basename(path);
  makeParents(root, path);
  if (name === opaque) return empty(dirname(path), own);
  if (name.startsWith(whiteout)) return hide(path, name.slice(whiteout.length), own);
  refuseAttributes(header);
  const before = lstatSync(path, { throwIfNoEntry: false });
  const keepsFolder = before?.isDirectory() && header.type === 'directory';
  if (before && !keepsFolder) rmSync(path, { recursive: true });
  own.add(path);
  switch (header.type) {
    case 'directory':
      if (!keepsFolder) mkdirSync(path);
      layer.folders.push({ path, mtime: header.mtime });
      break;
    case 'file':
    case 'contiguous-file':
      await pipeline(content, createWriteStream(path, { mode: 0o600, flags: 'wx' }));
      break;
    case 'symlink':
      symlinkSync(header.linkname ?? '', path);
      break;
    case 'link':
      link(root, header.linkname ?? '', path);
      return; // it has the owner and mode of what it is another name of
    case 'character-device':
    case 'block-device':
      await run([
        'mknod',
        path,
        header.type === 'block-device' ? 'b' : 'c',
        `${header.devmajor}`,
        `${header.devminor}`,
      ]);
      break;
    case 'fifo':
      await run(['mknod', path, 'p']);
      break;
    default:
      throw new PathError(`${header.name} is a ${header.type}, which is not supported`);
  }
  lchownSync(path, header.uid ?? 0, header.gid ?? 0);
  if (header.type !== 'symlink') chmodSync(path, (header.mode ?? 0o644) & 0o7777); // after the owner, whose change drops some bits
  if (header.mtime && header.type !== 'directory') lutimesSync(path, header.mtime, header.mtime);
}

/** What the archive says of the root itself. */
function ownRoot(root: string, header: Header): void {
  lchownSync(root, header.uid ?? 0, header.gid ?? 0);
  chmodSync(root, (header.mode ?? 0o755) & 0o7777);
}

/** Folders an archive leaves out. What is no folder, and yet has something below it, makes way. */
function makeParents(root: string, path: string): void {
  const parent = dirname(path);
  if (parent === root || lstatSync(parent, { throwIfNoEntry: false })?.isDirectory()) return;
  makeParents(root, parent);
  rmSync(parent, { force: true });
  mkdirSync(parent, { mode: 0o755 });
}

/** A hard link, to a file of the image that is there and no link itself. */
function link(root: string, target: string, path: string): void {
  const source = within(root, partsOf(target));
  if (!lstatSync(source, { throwIfNoEntry: false })?.isFile()) {
    throw new PathError(`a hard link to ${JSON.stringify(target)}, which is no file of the image`);
  }
  linkSync(source, path);
}

function empty(folder: string, own: ReadonlySet<string>): void {
  for (const it of readdirSync(folder)) {
    const path = join(folder, it);
    if (!holdsOwn(path, own)) rmSync(path, { recursive: true, force: true });
    else if (lstatSync(path).isDirectory()) empty(path, own);
  }
}

function hide(path: string, name: string, own: ReadonlySet<string>): void {
  if (name === '' || name === '.' || name === '..') throw new PathError(`a whiteout of ${JSON.stringify(name)}`);
  const hidden = join(dirname(path), name);
  if (!own.has(hidden)) rmSync(hidden, { recursive: true, force: true });
}

const holdsOwn = (path: string, own: ReadonlySet<string>): boolean =>
  own.has(path) || [...own].some((it) => it.startsWith(`${path}/`));

/** Node.js cannot set them, and without them a program may lack a right it counts on. */
function refuseAttributes(header: Header): void {
  const names = Object.keys(header.pax ?? {}).filter((it) => it.startsWith('SCHILY.xattr.'));
  if (names.length > 0) {
    const all = names.map((it) => it.slice('SCHILY.xattr.'.length)).join(', ');
    fail(`${header.name} has extended attributes (${all}), which are not supported`);
  }
}
