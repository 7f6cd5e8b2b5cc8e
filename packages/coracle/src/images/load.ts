import type { Progress } from '../cli/progress.ts';
import { fail } from '../failure.ts';
import { CommandError } from '../host/run.ts';
import { type ImageArchive, withImageArchive } from './archive.ts';
import { importArchive, type NodeImages } from './import.ts';

/** A node that images are loaded into. */
export interface Target extends NodeImages {
  name: string;
}

/**
 * Loads archives of images into nodes, all nodes at once; `-` is standard input. All archives are checked before a node is touched. Resolves to
 * the full names of the images. Throws Failure for what is no such archive, and one that names each node that an archive could not be loaded
 * into; the other nodes have it then.
 */
export function loadArchives(
  sources: readonly string[],
  targets: readonly Target[],
  progress: Progress,
  checked: readonly ImageArchive[] = [],
): Promise<string[]> {
  const next = sources[checked.length];
  if (next === undefined) return loadChecked(sources, checked, targets, progress);
  return withImageArchive(next, (it) => loadArchives(sources, targets, progress, [...checked, it]));
}

async function loadChecked(
  sources: readonly string[],
  archives: readonly ImageArchive[],
  targets: readonly Target[],
  progress: Progress,
): Promise<string[]> {
  const problems: string[] = [];
  for (const [at, { file }] of archives.entries()) {
    const shown = sources[at] === '-' ? 'standard input' : sources[at]!;
    const into = async (target: Target) => {
      try {
        await progress.step(`${shown} loaded into ${target.name}`, () => importArchive(target, file));
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        problems.push(`${shown} cannot be loaded into ${target.name}: ${error.stderr.trim().split('\n').at(-1)}`);
      }
    };
    await Promise.all(targets.map(into));
  }
  if (problems.length > 0) fail(problems.join('\n'));
  return [...new Set(archives.flatMap((it) => it.names))].sort();
}
