import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { digestOf, type Tree, tarOf } from './tree.ts';

/** A layer of an image, as it is stored and sent. */
export interface Layer {
  mediaType: string;
  blob: Buffer;
  /** The digest of the tar archive within. */
  diffId: string;
}

const tarType = 'application/vnd.oci.image.layer.v1.tar';

/** Images that are built together share layers, which are then packed once. */
const packed = new WeakMap<Tree, Promise<Layer>>();

/** A layer for images that stay on this machine: not compressed, and so in a node the sooner. */
export async function plainLayer(tree: Tree): Promise<Layer> {
  const blob = await tarOf(tree);
  return { mediaType: tarType, blob, diffId: digestOf(blob) };
}

/**
 * A layer for images that travel. Zstandard, which containerd knows since 1.4: of the Node.js runtime it makes 41 MB in 3 s, where gzip takes
 * 17 s for 49 MB. One thread, so that the same tree always gives the same bytes.
 */
export function compressedLayer(tree: Tree): Promise<Layer> {
  const known = packed.get(tree) ?? compress(tree);
  packed.set(tree, known);
  return known;
}

async function compress(tree: Tree): Promise<Layer> {
  const tar = await tarOf(tree);
  const blob = await promisify(zstdCompress)(tar, {
    params: {
      [constants.ZSTD_c_compressionLevel]: 9,
      [constants.ZSTD_c_checksumFlag]: 1,
      [constants.ZSTD_c_nbWorkers]: 0,
    },
    pledgedSrcSize: tar.length,
  });
  return { mediaType: `${tarType}+zstd`, blob, diffId: digestOf(tar) };
}
