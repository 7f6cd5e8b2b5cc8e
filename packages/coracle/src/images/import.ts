import { containerdSocket } from '../components/containerd.ts';
import { fail } from '../failure.ts';
import { CommandError, run } from '../host/run.ts';
import type { BuiltImage } from './build.ts';

/** A node's containerd, as the host reaches it. */
export interface NodeImages {
  /** PID 1 of the node. */
  pid: number;
  snapshotter: string;
}

/** Brings images into a node; those it has already, by digest, are left alone. Resolves to the names that were imported. */
export async function importImages(node: NodeImages, images: readonly BuiltImage[]): Promise<string[]> {
  const present = await presentImages(node);
  const missing = images.filter((image) => image.recipe.references.some((it) => present.get(it) !== image.digest));
  for (const it of missing) await importArchive(node, it.archive);
  return missing.flatMap((it) => it.recipe.references);
}

/** Brings all images of an archive into a node, under the names it gives them. Throws CommandError. */
export async function importArchive(node: NodeImages, archive: string): Promise<void> {
  await ctr(node, ['images', 'import', '--snapshotter', node.snapshotter, archive]);
}

/** Pulls an image from its registry into a node, over the host's network. Throws Failure when that cannot be done. */
export async function pullImage(node: NodeImages, reference: string): Promise<void> {
  try {
    await ctr(node, ['images', 'pull', '--snapshotter', node.snapshotter, reference]);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    fail(`${reference} cannot be pulled: ${error.stderr.trim().split('\n').at(-1)}`, {
      cause: error,
      next: 'Without --pull, a stand-in built from Debian packages is used.',
    });
  }
}

/** The images a node has, with the digest each name stands for. */
export async function presentImages(node: NodeImages): Promise<Map<string, string>> {
  const rows = (await ctr(node, ['images', 'list'])).split('\n').slice(1).filter(Boolean);
  return new Map(
    rows.map((row) => {
      const [reference, , digest] = row.split(/\s+/) as [string, string, string];
      return [reference, digest];
    }),
  );
}

function ctr(node: NodeImages, args: readonly string[]): Promise<string> {
  return run(['ctr', '--address', `/proc/${node.pid}/root${containerdSocket}`, '--namespace', 'k8s.io', ...args]);
}
