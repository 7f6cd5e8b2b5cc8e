import { z } from 'zod';
import { fail } from '../failure.ts';
import { mediaTypes } from '../images/oci.ts';
import { digestOf } from '../images/tree.ts';
import { parseJson } from './json.ts';
import type { Repository } from './registry.ts';
import { wholeBody } from './transport.ts';

/** A manifest is small; what is larger is none. In bytes, as registries limit it. */
export const largestManifest = 4 * 1024 * 1024;

/** Docker's older names for the same things. */
const docker = {
  index: 'application/vnd.docker.distribution.manifest.list.v2+json',
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
} as const;

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'is no sha256 digest');
const descriptor = z.object({
  mediaType: z.string(),
  digest,
  size: z.int().min(0),
  platform: z.object({ architecture: z.string(), os: z.string() }).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

const imageShape = z.object({ schemaVersion: z.literal(2), config: descriptor, layers: z.array(descriptor) });
const indexShape = z.object({ schemaVersion: z.literal(2), manifests: z.array(descriptor) });

/** The manifest of an image for one platform, as bytes, whose digest is the image's, and as what they say. */
export interface Manifest extends z.infer<typeof imageShape> {
  mediaType: string;
  bytes: Buffer;
  digest: string;
}

/** An index of manifests, for several platforms or names. */
export type Index = z.infer<typeof indexShape>;

/** Understands the bytes of a manifest or an index; `where` names them in the Failure that is thrown when that cannot be done. */
export function parseManifest(bytes: Buffer, mediaType: string, where: string): Manifest | Index {
  const isIndex = mediaType === mediaTypes.index || mediaType === docker.index;
  if (!isIndex && mediaType !== mediaTypes.manifest && mediaType !== docker.manifest) {
    fail(`${where} is no image: its type is ${mediaType || 'not said'}`);
  }
  const parsed = (isIndex ? indexShape : imageShape).safeParse(parseJson(bytes));
  if (!parsed.success) return fail(`the manifest of ${where} is not valid: ${z.prettifyError(parsed.error)}`);
  if ('manifests' in parsed.data) return parsed.data;
  return { ...parsed.data, mediaType, bytes, digest: digestOf(bytes) };
}

/** The entry of an index for this machine. Throws Failure when there is none. */
export function forThisMachine(index: Index, where: string): Index['manifests'][number] {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const fits = index.manifests.find((it) => {
    const { os, architecture: theirs } = it.platform ?? { os: 'linux', architecture };
    return os === 'linux' && theirs === architecture;
  });
  return fits ?? fail(`${where} is not there for linux/${architecture}`);
}

const accepted = [mediaTypes.manifest, mediaTypes.index, docker.manifest, docker.index].join(', ');

/** The manifest of an image for this machine. `tag` may also be a digest. */
export async function fetchManifest(repository: Repository, tag: string): Promise<Manifest> {
  const where = nameOf(repository, tag);
  const answer = await repository.request(
    `manifests/${tag}`,
    { method: 'GET', headers: { Accept: accepted } },
    [200, 404],
  );
  const bytes = await wholeBody(answer, largestManifest);
  if (answer.statusCode === 404) fail(`there is no ${where}`);
  const wanted = tag.includes(':') ? tag : answer.headers['docker-content-digest'];
  if (wanted !== undefined && digestOf(bytes) !== wanted) {
    fail(`${where}: the registry sent a manifest whose digest is ${digestOf(bytes)} and not ${wanted}`);
  }
  const mediaType = answer.headers['content-type']?.split(';')[0] ?? '';
  const manifest = parseManifest(bytes, mediaType, where);
  return 'manifests' in manifest ? fetchManifest(repository, forThisMachine(manifest, where).digest) : manifest;
}

/** Puts a manifest into a repository, by which an image is complete there. */
export async function putManifest(repository: Repository, tag: string, manifest: Manifest): Promise<void> {
  const headers = { 'Content-Type': manifest.mediaType };
  const answer = await repository.request(
    `manifests/${tag}`,
    { method: 'PUT', headers, content: manifest.bytes },
    [201],
  );
  answer.resume();
  const told = answer.headers['docker-content-digest'];
  if (told !== undefined && told !== manifest.digest) {
    fail(`${nameOf(repository, tag)}: the registry took the manifest for ${told}, and it is ${manifest.digest}`);
  }
}

const nameOf = (repository: Repository, tag: string): string =>
  `${repository.name}${tag.includes(':') ? '@' : ':'}${tag}`;
