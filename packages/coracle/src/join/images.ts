import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { version } from '@coracle/api/version';
import { pauseImage } from '../components/containerd.ts';
import { fail } from '../failure.ts';
import { run } from '../host/run.ts';
import { type LocalImage, writeArchive } from '../images/local.ts';
import { programImage } from '../images/programs.ts';
import { withImage } from '../images/source.ts';
import type { RegistryOptions } from '../registry/registry.ts';
import { containerdPlace, joinedPrograms } from './programs.ts';

/** An image, and the name it was found under. */
export interface NamedImage {
  image: LocalImage;
  reference: string;
}

/** Images that pods run from and that are in no registry, by their names in containerd. */
const podImages: Readonly<Record<string, string>> = { pause: pauseImage, 'cluster-dns': programImage('cluster-dns') };

/** The images a joined machine needs, by their short names. */
const wanted = [...joinedPrograms, ...Object.keys(podImages)];

/**
 * How an image is named to `withImage`: an archive `NAME.tar` where `source` is a folder, below it where it is the beginning of names in a registry,
 * and one that is built here where it is empty. Throws Failure for a folder without the archive.
 */
export function imageName(name: string, source: string): string {
  if (source === '') return name;
  if (existsSync(source) && statSync(source).isDirectory()) {
    const archive = join(source, `${name}.tar`);
    return existsSync(archive) ? `oci-archive:${archive}` : fail(`--images ${source}: there is no ${name}.tar in it`);
  }
  if (/^[./]/.test(source)) fail(`--images ${source}: there is no such folder`);
  const tag = podImages[name]?.split(':').at(-1) ?? version.gitVersion;
  return `${source.replace(/\/$/, '')}/${name}:${tag}`;
}

/** Gets hold of all images before anything is changed, hands them to `work`, and removes what was unpacked. Throws Failure. */
export function withNodeImages<T>(
  source: string,
  options: RegistryOptions,
  work: (images: ReadonlyMap<string, NamedImage>) => Promise<T>,
): Promise<T> {
  const next = (found: ReadonlyMap<string, NamedImage>): Promise<T> => {
    const name = wanted[found.size];
    if (name === undefined) return work(found);
    return withImage(imageName(name, source), options, (image, reference) =>
      next(new Map([...found, [name, { image, reference }]])),
    );
  };
  return next(new Map());
}

/** Brings the images that pods run from into the machine's containerd. */
export async function importPodImages(images: ReadonlyMap<string, NamedImage>, snapshotter: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-join-'));
  try {
    for (const [name, reference] of Object.entries(podImages)) {
      const archive = join(folder, `${name}.tar`);
      await writeArchive(images.get(name)!.image, reference, archive);
      const ctr = ['ctr', '--address', containerdPlace.socket, '--namespace', 'k8s.io'] as const;
      await run([...ctr, 'images', 'import', '--snapshotter', snapshotter, archive]);
      rmSync(archive);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
