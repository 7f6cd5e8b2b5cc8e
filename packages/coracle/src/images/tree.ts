import { createHash } from 'node:crypto';
import { pack } from 'tar-stream';

/** A file of an image. Everything belongs to root. */
export type Entry =
  | { type: 'directory'; mode: number }
  | { type: 'file'; mode: number; content: Buffer }
  | { type: 'symlink'; target: string };

/** The files of an image or of a layer, by path without a leading slash. */
export type Tree = Map<string, Entry>;

/** The one time all files have, in every build: what is built from the same inputs is the same to the byte. */
export const buildTime = new Date('2025-01-01T00:00:00Z');

/** A tar archive of a tree, its entries sorted, with the folders above each. */
export async function tarOf(tree: Tree): Promise<Buffer> {
  const all = new Map(tree);
  for (const path of tree.keys()) {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      const folder = path.slice(0, at);
      if (!all.has(folder)) all.set(folder, { type: 'directory', mode: 0o755 });
    }
  }
  const archive = pack();
  const chunks: Buffer[] = [];
  const done = new Promise<void>((resolve, reject) => {
    archive.on('data', (chunk) => chunks.push(chunk as Buffer));
    archive.once('end', resolve);
    archive.once('error', reject);
  });
  for (const path of [...all.keys()].sort()) {
    const entry = all.get(path)!;
    const header = { name: path, mtime: buildTime, uid: 0, gid: 0, uname: 'root', gname: 'root' };
    if (entry.type === 'directory') archive.entry({ ...header, name: `${path}/`, type: 'directory', mode: entry.mode });
    else if (entry.type === 'symlink')
      archive.entry({ ...header, type: 'symlink', linkname: entry.target, mode: 0o777 });
    else archive.entry({ ...header, type: 'file', mode: entry.mode, size: entry.content.length }, entry.content);
  }
  archive.finalize();
  await done;
  return Buffer.concat(chunks);
}

/** A file anybody may read. */
export function text(content: string): Entry & { type: 'file' } {
  return { type: 'file', mode: 0o644, content: Buffer.from(content) };
}

/** `sha256:…` */
export function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
