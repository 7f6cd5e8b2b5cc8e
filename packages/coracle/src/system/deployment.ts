import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { fail } from '../failure.ts';
import { run } from '../host/run.ts';
import type { LocalImage } from '../images/local.ts';
import { publish } from './durable.ts';
import { type Exports, readExports } from './exports.ts';
import { applyLayers } from './layers.ts';
import { deploymentOf, pathsOf, type Slot, type SystemPlace, slots } from './place.ts';
import { type Rendered, render } from './render.ts';
import { parseSettings, type Values } from './templates.ts';

const info = z.object({
  name: z.string(),
  image: z.string(),
  digest: z.string(),
  version: z.string(),
  /** What was set, for the next update; not the image's defaults. */
  settings: z.record(z.string(), z.string()),
  dataFolders: z.array(z.string()),
  health: z.object({ check: z.string(), authority: z.string(), timeoutSeconds: z.number() }).optional(),
  created: z.string(),
});

/** An image that is checked out, and all that running it needs: `<name>.0` or `<name>.1`. */
export interface Deployment extends z.infer<typeof info> {
  slot: Slot;
  /** As this process reaches it. */
  folder: string;
}

export interface Wishes {
  place: SystemPlace;
  name: string;
  slot: Slot;
  /** The image, or the deployment before, whose files are then this one's too. */
  image: LocalImage | Deployment;
  reference: string;
  /** `NAME=VALUE` */
  set: readonly string[];
  /** Settings that hold unless set anew: those of the deployment before. */
  settings: Values;
}

/** Told where in its work a command is; for tests, which end it there. */
export type Step = (name: string) => void;

/**
 * Checks an image out beside what is there, and renders its files. The folder has its name only once all of it is on the disk; what the slot
 * held before goes. Throws Failure, and leaves nothing then.
 */
export async function deploy(wishes: Wishes, step: Step): Promise<Deployment> {
  const { place, name, slot, image, reference } = wishes;
  const paths = pathsOf(place, name);
  const folder = paths.deployment(slot);
  const fresh = `${folder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(paths.base, { recursive: true, mode: 0o711 });
  mkdirSync(join(fresh, 'rootfs'), { recursive: true, mode: 0o755 });
  try {
    step('checking out');
    if ('slot' in image)
      await run(['cp', '--archive', '--reflink=auto', `${image.folder}/rootfs/.`, join(fresh, 'rootfs')]);
    else await applyLayers(image, join(fresh, 'rootfs'));
    step('checked out');
    const exports = readExports(join(fresh, 'rootfs'), reference);
    const settings = settingsOf(wishes, exports);
    const rendered = render({
      place,
      name,
      slot,
      exports,
      settings,
      image: { reference, digest: 'slot' in image ? image.digest : image.manifest.digest },
    });
    writeAll(fresh, wishes, settings, rendered);
    step('rendered');
    const old = `${folder}.old`;
    rmSync(old, { recursive: true, force: true });
    if (existsSync(folder)) renameSync(folder, old);
    step('made room');
    publish(fresh, folder);
    step('published');
    rmSync(old, { recursive: true, force: true });
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    throw error;
  }
  return readDeployment(place, name, slot) ?? fail(`${folder} is gone`);
}

function settingsOf({ set, settings, reference }: Wishes, exports: Exports): Values {
  const known = Object.keys(exports.manifest.defaultValues);
  const kept = Object.fromEntries(Object.entries(settings).filter(([name]) => known.includes(name)));
  return { ...kept, ...parseSettings(set, known, reference) };
}

function writeAll(folder: string, { name, image, reference }: Wishes, settings: Values, rendered: Rendered): void {
  const notes: z.infer<typeof info> = {
    name,
    image: reference,
    ...('slot' in image
      ? { digest: image.digest, version: image.version }
      : { digest: image.manifest.digest, version: versionOf(image) }),
    settings,
    dataFolders: rendered.dataFolders,
    health: rendered.health,
    created: new Date().toISOString(),
  };
  writeFileSync(join(folder, 'config.json'), rendered.config, { mode: 0o600 });
  writeFileSync(join(folder, 'unit.service'), rendered.unit);
  writeFileSync(join(folder, 'tmpfiles.conf'), rendered.tmpfiles);
  writeFileSync(join(folder, 'info'), `${JSON.stringify(notes, undefined, 2)}\n`, { mode: 0o600 });
}

/** What an image calls its version, or else the beginning of its digest. */
export function versionOf({ config, manifest }: Pick<LocalImage, 'config' | 'manifest'>): string {
  return config.config?.Labels?.['org.opencontainers.image.version'] ?? manifest.digest.slice('sha256:'.length, 19);
}

/** A deployment that is there, whole; undefined when it is not. Throws Failure when its notes cannot be understood. */
export function readDeployment(place: SystemPlace, name: string, slot: Slot): Deployment | undefined {
  const folder = pathsOf(place, name).deployment(slot);
  const file = join(folder, 'info');
  if (!existsSync(file)) return undefined;
  const parsed = info.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!parsed.success)
    return fail(`${file} is not of a system container this version knows: ${z.prettifyError(parsed.error)}`);
  return { ...parsed.data, slot, folder };
}

/** The slot that is current: the one whose bundle the unit runs, which is what a boot would start. */
export function currentSlot(place: SystemPlace, name: string): Slot | undefined {
  const { unit } = pathsOf(place, name);
  if (!existsSync(unit)) return undefined;
  const text = readFileSync(unit, 'utf8');
  return slots.find((it) => text.startsWith(unitHead(place, name, it)));
}

/** The first line of a unit of ours: it tells whose it is, whatever the template says. */
export const unitHead = (place: SystemPlace, name: string, slot: Slot): string =>
  `# Of the system container ${deploymentOf(place, name, slot)}; written by coracle.\n`;

/** The current deployment. Throws Failure when there is none. */
export function currentDeployment(place: SystemPlace, name: string): Deployment {
  const slot = currentSlot(place, name);
  const found = slot === undefined ? undefined : readDeployment(place, name, slot);
  return (
    found ?? fail(`there is no system container ${name}`, { next: "'coracle system list' shows those there are." })
  );
}

/** The names of all system containers of a machine. */
export function systemContainers(place: SystemPlace): string[] {
  const { base } = pathsOf(place, '');
  if (!existsSync(base)) return [];
  const names = readdirSync(base).flatMap((it) => /^(.+)\.[01]$/.exec(it)?.[1] ?? []);
  return [...new Set(names)].filter((it) => currentSlot(place, it) !== undefined).sort();
}

/** What the link of a system container names. */
export function linkTarget(place: SystemPlace, name: string): string | undefined {
  const { link } = pathsOf(place, name);
  return lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() ? basename(readlinkSync(link)) : undefined;
}
