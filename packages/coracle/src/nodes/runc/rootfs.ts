import { chmodSync, existsSync, lstatSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { holdsLayers } from '../../host/mounts.ts';
import { quoted } from '../../host/run.ts';
import type { NodeSpec } from '../driver.ts';

const upperOf = (spec: NodeSpec): string => join(spec.folder, 'upper');
const workOf = (spec: NodeSpec): string => join(spec.folder, 'work');

/** Writes the node's own files into the layer above its lower layer. Must not be called while the node runs. */
export async function prepareUpper(spec: NodeSpec): Promise<void> {
  for (const folder of [spec.folder, upperOf(spec), workOf(spec), spec.runtime]) mkdirSync(folder, { recursive: true });
  chmodSync(upperOf(spec), 0o755); // it becomes the mode of the node's `/`
  for (const mount of spec.mounts) if (!existsSync(mount.source)) mkdirSync(mount.source, { recursive: true });
  for (const [path, text] of Object.entries(spec.files)) {
    const file = join(upperOf(spec), path);
    mkdirSync(dirname(file), { recursive: true });
    if (lstatSync(file, { throwIfNoEntry: false })) rmSync(file, { recursive: true });
    writeFileSync(file, text, { mode: 0o644 });
  }
}

/**
 * Shell commands that mount the node's root: its lower layer below, the node's own above. Where the node's folder lies on an
 * overlay or in memory (a checkout within a container), the upper layer is in memory and starts empty, but for the node's own files.
 */
export function mountRootScript(spec: NodeSpec, rootfs: string): string {
  const [upper, work] = [upperOf(spec), workOf(spec)];
  if (holdsLayers(spec.folder)) return mountOverlay(spec.lower, upper, work, rootfs);
  const memory = join(dirname(rootfs), 'memory');
  return [
    `mkdir -p ${quoted(memory)}`,
    `mount -t tmpfs -o mode=755 tmpfs ${quoted(memory)}`,
    `cp -a ${quoted(upper)} ${quoted(`${memory}/upper`)}`,
    `mkdir ${quoted(`${memory}/work`)}`,
    mountOverlay(spec.lower, `${memory}/upper`, `${memory}/work`, rootfs),
  ].join('\n');
}

/** The host's root may change while no node runs only with these features off. */
function mountOverlay(lower: string, upper: string, work: string, rootfs: string): string {
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work},index=off,redirect_dir=off,metacopy=off`;
  return `mount -t overlay -o ${quoted(options)} overlay ${quoted(rootfs)}`;
}
