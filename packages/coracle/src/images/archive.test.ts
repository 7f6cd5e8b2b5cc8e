import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dockerArchive } from '../testing/docker-archive.ts';
import { withImageArchive } from './archive.ts';
import { plainLayer } from './layer.ts';
import { mediaTypes, ociArchive } from './oci.ts';
import type { Architecture } from './pause.ts';
import { digestOf, type Tree, tarOf, text } from './tree.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coracle-archive-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const here = process.arch as Architecture;
const other: Architecture = here === 'x64' ? 'arm64' : 'x64';
const layers = async () => [await plainLayer(new Map([['file', text('x'.repeat(5000))]]))];
const oci = async (names: string[], architecture = here) =>
  (await ociArchive(names, architecture, await layers(), {})).archive;
const docker = async (names: string[] | null, architecture = here) =>
  dockerArchive(names, architecture, await layers());

function file(bytes: Buffer): string {
  const path = join(folder, 'app.tar');
  writeFileSync(path, bytes);
  return path;
}
/** An archive of an image layout whose entries of index.json have these annotations. */
async function layout(annotations: Record<string, string>[]): Promise<Buffer> {
  const bytes = await oci(annotations.map(() => 'coracle.local/x:1'));
  return rewritten(bytes, (index) => {
    for (const [at, it] of annotations.entries()) index.manifests[at]!.annotations = it;
  });
}
async function rewritten(
  bytes: Buffer,
  change: (index: { manifests: { annotations?: Record<string, string>; digest: string }[] }) => void,
): Promise<Buffer> {
  const tree = await treeOf(bytes);
  const index = JSON.parse(tree.get('index.json')!);
  change(index);
  return tarOf(
    new Map([...tree].map(([path, it]) => [path, text(path === 'index.json' ? JSON.stringify(index) : it)])),
  );
}
async function treeOf(bytes: Buffer): Promise<Map<string, string>> {
  const { extract } = await import('tar-stream');
  const unpack = extract();
  unpack.end(bytes);
  const tree = new Map<string, string>();
  for await (const entry of unpack) {
    const chunks: Buffer[] = [];
    for await (const it of entry as AsyncIterable<Buffer>) chunks.push(it);
    if (entry.header.type === 'file') tree.set(entry.header.name, Buffer.concat(chunks).toString('latin1'));
  }
  return tree;
}
const names = (bytes: Buffer) => withImageArchive(file(bytes), async (it) => it.names);

describe('an archive of images', () => {
  it.each<[string, () => Promise<Buffer>]>([
    ['an OCI layout', () => oci(['docker.io/library/app:1', 'coracle.local/app:1'])],
    ['a docker archive', () => docker(['app:1', 'coracle.local/app:1'])],
  ])('is %s, also compressed', async (_, make) => {
    const bytes = await make();
    for (const it of [bytes, gzipSync(bytes)])
      expect(await names(it)).toEqual(['coracle.local/app:1', 'docker.io/library/app:1']);
  });

  it('is taken as it is where nothing need be changed, and nothing of it stays elsewhere', async () => {
    const path = file(await oci(['docker.io/library/app:1']));
    expect(await withImageArchive(path, async (it) => it.file)).toBe(path);
    let place = '';
    await withImageArchive(file(gzipSync(await oci(['docker.io/library/app:1']))), async (it) => {
      place = it.file;
      expect(readFileSync(place)).toEqual(await oci(['docker.io/library/app:1']));
    });
    expect(readdirSync(tmpdir())).not.toContain(place.split('/').at(-2));
  });

  it.each<[Record<string, string>, string]>([
    [{ 'io.containerd.image.name': 'app' }, 'docker.io/library/app:latest'],
    [{ 'org.opencontainers.image.ref.name': 'app:1' }, 'docker.io/library/app:1'],
    [{ 'org.opencontainers.image.ref.name': 'localhost/me/app:1' }, 'localhost/me/app:1'],
    [{ 'io.containerd.image.name': 'me/app:2', 'org.opencontainers.image.ref.name': '2' }, 'docker.io/me/app:2'],
  ])('whose index says %j has it loaded as %s', async (annotations, name) => {
    await withImageArchive(file(await layout([annotations])), async (it) => {
      expect(it.names).toEqual([name]);
      const files = await treeOf(readFileSync(it.file));
      expect(JSON.parse(files.get('index.json')!).manifests[0].annotations['io.containerd.image.name']).toBe(name);
      expect([...files.keys()].filter((path) => path.startsWith('blobs/')).length).toBe(3);
    });
  });
});

describe('what is no image', () => {
  const cut = async (length: number) => (await docker(['app:1'])).subarray(0, length);
  it.each<[string, () => Promise<Buffer>, RegExp]>([
    ['an empty file', async () => Buffer.alloc(0), /app\.tar is no image: it is empty$/],
    ['no archive', async () => Buffer.alloc(4096, 'x'), /app\.tar is no image: it is no tar archive$/],
    ['compressed text', async () => gzipSync('x'.repeat(4096)), /app\.tar is no image: it is no tar archive$/],
    [
      'an archive of other files',
      () => tarOf(new Map([['a', text('a')]])),
      /app\.tar is no image: it is a tar archive without index\.json or manifest\.json$/,
    ],
    [
      'a layout without images',
      () => tarOf(new Map([['index.json', text('{"schemaVersion":2,"manifests":[]}')]])),
      /app\.tar has no image in it$/,
    ],
    [
      'a docker archive without images',
      () => tarOf(new Map([['manifest.json', text('[]')]])),
      /app\.tar has no image in it$/,
    ],
    ['an archive that ends in a file', () => cut(3000), /app\.tar is cut off: it ends in the middle of a file$/],
    [
      'gzip data that ends early',
      async () => gzipSync(await docker(['app:1'])).subarray(0, 200),
      /app\.tar is cut off: its gzip data has no end$/,
    ],
    [
      'a damaged archive',
      async () => {
        const bytes = await docker(['app:1']);
        const second = bytes.lastIndexOf('manifest.json');
        return bytes.fill('x', second, second + 512);
      },
      /app\.tar is damaged: it is a tar archive only in part$/,
    ],
    [
      'an image for other machines',
      () => oci(['coracle.local/app:1'], other),
      /app:1 in .*app\.tar is not there for linux\//,
    ],
    [
      'a docker image for other machines',
      () => docker(['app:1'], other),
      /app:1 in .*app\.tar is not there for linux\//,
    ],
    ['an image without a name', () => docker(null), /has no name$/],
    [
      'a layout whose image has only a tag',
      () => layout([{ 'org.opencontainers.image.ref.name': '1' }]),
      /has no name, only a tag, 1$/,
    ],
    ['a name that is none', () => docker(['App Name']), /"App Name" in .*app\.tar is no name of an image$/],
    [
      'a manifest that is none',
      () => tarOf(new Map([['manifest.json', text('{}')]])),
      /manifest\.json of .*app\.tar is not valid: /,
    ],
  ])('is refused: %s', async (_, make, message) => {
    await expect(names(await make())).rejects.toThrow(message);
  });

  it('is refused when a part lacks, or is something else', async () => {
    const docked = await treeOf(await docker(['app:1']));
    const layer = [...docked.keys()].find((it) => it.endsWith('layer.tar'))!;
    docked.delete(layer);
    const less: Tree = new Map([...docked].map(([path, it]) => [path, text(it)]));
    await expect(names(await tarOf(less))).rejects.toThrow(`app:1 in ${join(folder, 'app.tar')} lacks ${layer}`);
    const bytes = await oci(['coracle.local/app:1']);
    const damaged = Buffer.from(bytes);
    damaged.write('y', bytes.indexOf('xxxxx'));
    await expect(names(damaged)).rejects.toThrow(/app\.tar is damaged: sha256:\w+ is something else$/);
    const absent = {
      mediaType: mediaTypes.manifest,
      digest: digestOf('absent'),
      size: 6,
      annotations: { 'io.containerd.image.name': 'app:1' },
    };
    const index = text(JSON.stringify({ schemaVersion: 2, manifests: [absent] }));
    await expect(names(await tarOf(new Map([['index.json', index]])))).rejects.toThrow(`lacks ${absent.digest}`);
  });

  it('is refused when there is no such file, or it is a folder', async () => {
    const keep = async () => {};
    await expect(withImageArchive(join(folder, 'absent.tar'), keep)).rejects.toThrow(
      /^there is no file .*absent\.tar$/,
    );
    await expect(withImageArchive(folder, keep)).rejects.toThrow(`${folder} is no image: it is a folder`);
  });
});
