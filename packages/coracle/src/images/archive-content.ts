import { fullName } from '@coracle/api/core/image-reference';
import { z } from 'zod';
import { fail } from '../failure.ts';
import { parseJson } from '../registry/json.ts';
import { forThisMachine, type Index, parseManifest } from '../registry/manifests.ts';
import type { Part, Parts } from './archive-parts.ts';
import { mediaTypes } from './oci.ts';

/** What images an archive has. */
export interface ArchiveContent {
  /** Their full names, sorted. */
  names: string[];
  /** The index.json that an OCI archive needs so that containerd takes its images under these names; undefined when the one it has does. */
  index?: Index;
}

const nameKey = 'io.containerd.image.name';
const refKey = 'org.opencontainers.image.ref.name';

/** `manifest.json` of `docker save`. */
const dockerShape = z.array(
  z.object({ Config: z.string(), RepoTags: z.array(z.string()).nullish(), Layers: z.array(z.string()) }),
);
const configShape = z.object({ architecture: z.string(), os: z.string() });

/** Finds the images of an archive and checks that each is there in whole, for this machine. `shown` names it in the Failure that is thrown otherwise. */
export function contentOf(parts: Parts, shown: string): ArchiveContent {
  // Docker writes both files since its version 25, and containerd looks for the index first.
  const index = parts.get('index.json');
  if (index) return ofLayout(parts, index, shown);
  const manifest = parts.get('manifest.json');
  if (manifest) return ofDocker(parts, manifest, shown);
  return fail(`${shown} is no image: it is a tar archive without index.json or manifest.json`);
}

function ofLayout(parts: Parts, file: Part, shown: string): ArchiveContent {
  const index = parseManifest(file.text ?? Buffer.alloc(0), mediaTypes.index, shown) as Index;
  if (index.manifests.length === 0) fail(`${shown} has no image in it`);
  const byName = Map.groupBy(index.manifests, (it) => nameOf(it, shown));
  for (const [name, entries] of byName) checkImage(parts, { ...index, manifests: entries }, `${name} in ${shown}`);
  const named = index.manifests.map((it) => ({
    ...it,
    annotations: { ...it.annotations, [nameKey]: nameOf(it, shown) },
  }));
  const changed = named.some((it, at) => index.manifests[at]?.annotations?.[nameKey] !== it.annotations[nameKey]);
  return { names: [...byName.keys()].sort(), ...(changed ? { index: { ...index, manifests: named } } : {}) };
}

/** The full name of an entry of an index. A tag alone names nothing. */
function nameOf({ annotations = {}, digest }: Index['manifests'][number], shown: string): string {
  const ref = annotations[refKey];
  const given = annotations[nameKey] ?? (ref && /[/:@]/.test(ref) ? ref : undefined);
  if (given === undefined)
    return nameless(`image ${digest} in ${shown} has no name${ref ? `, only a tag, ${ref}` : ''}`);
  return fullName(given) ?? fail(`${JSON.stringify(given)} in ${shown} is no name of an image`);
}

function nameless(problem: string): never {
  return fail(problem, { next: "Save it by its name, as 'docker save NAME:TAG' does." });
}

/** All that makes an image must be there, and be what its digest says. */
function checkImage(parts: Parts, index: Index, where: string): void {
  const entry = forThisMachine(index, where);
  const manifest = parseManifest(blob(parts, entry, where).text ?? Buffer.alloc(0), entry.mediaType, where);
  if ('manifests' in manifest) checkImage(parts, manifest, where);
  else {
    for (const it of manifest.layers) blob(parts, it, where);
    checkPlatform(blob(parts, manifest.config, where), where);
  }
}

function blob(parts: Parts, { digest, size }: { digest: string; size: number }, where: string): Part {
  const part = parts.get(`blobs/${digest.replace(':', '/')}`);
  if (!part) return fail(`${where} lacks ${digest}`);
  if (part.digest !== digest) fail(`${where} is damaged: ${digest} is something else`);
  if (part.size !== size) fail(`${where}: ${digest} has ${part.size} bytes, and its manifest says ${size}`);
  return part;
}

function ofDocker(parts: Parts, file: Part, shown: string): ArchiveContent {
  const parsed = dockerShape.safeParse(parseJson(file.text ?? Buffer.alloc(0)));
  if (!parsed.success) return fail(`manifest.json of ${shown} is not valid: ${z.prettifyError(parsed.error)}`);
  if (parsed.data.length === 0) fail(`${shown} has no image in it`);
  const names = parsed.data.flatMap(({ Config, RepoTags, Layers }) => {
    if (!RepoTags?.length) nameless(`image ${Config} in ${shown} has no name`);
    const where = `${RepoTags![0]} in ${shown}`;
    for (const it of [Config, ...Layers]) if (!parts.has(it)) fail(`${where} lacks ${it}`);
    checkPlatform(parts.get(Config)!, where);
    return RepoTags!.map((it) => fullName(it) ?? fail(`${JSON.stringify(it)} in ${shown} is no name of an image`));
  });
  return { names: [...new Set(names)].sort() };
}

/** What an image's configuration says it is for. */
function checkPlatform(config: Part, where: string): void {
  const parsed = configShape.safeParse(parseJson(config.text ?? Buffer.alloc(0)));
  if (!parsed.success) fail(`the configuration of ${where} is not valid: ${z.prettifyError(parsed.error)}`);
  const { os, architecture } = parsed.data;
  forThisMachine(
    { schemaVersion: 2, manifests: [{ mediaType: '', digest: '', size: 0, platform: { os, architecture } }] },
    where,
  );
}
