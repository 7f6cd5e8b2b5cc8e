import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { plainLayer } from './layer.ts';
import { unpackArchive, writeArchive } from './local.ts';
import { mediaTypes, ociArchive } from './oci.ts';
import type { Architecture } from './pause.ts';
import { withImage } from './source.ts';
import { digestOf, type Tree, tarOf, text } from './tree.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coracle-local-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const here = process.arch as Architecture;
const names = ['coracle.local/x:1', 'coracle.local/x:latest'];

async function image(content = 'x') {
  return ociArchive(names, here, [await plainLayer(new Map([['file', text(content)]]))], {});
}
function archive(bytes: Buffer): string {
  const file = join(folder, 'image.tar');
  writeFileSync(file, bytes);
  return file;
}
/** An archive of what is in an image layout: its index, and blobs by content. */
async function layout(index: unknown, blobs: readonly Buffer[], others: Tree = new Map()): Promise<string> {
  const tree: Tree = new Map(others);
  tree.set('index.json', text(JSON.stringify(index)));
  for (const it of blobs) tree.set(`blobs/${digestOf(it).replace(':', '/')}`, { ...text(''), content: it });
  return archive(await tarOf(tree));
}
const into = () => mkdtempSync(join(folder, 'into-'));

describe('an OCI archive', () => {
  it('is read, whatever name of the image is asked for', async () => {
    const { archive: bytes, digest } = await image();
    const file = archive(bytes);
    for (const name of [undefined, ...names, 'latest'])
      expect((await unpackArchive(file, into(), name)).manifest.digest).toBe(digest);
    await expect(unpackArchive(file, into(), 'other')).rejects.toThrow(`${file} has no image other`);
  });

  it('is written so that it can be read again', async () => {
    const { archive: bytes, digest } = await image();
    const written = join(folder, 'written.tar');
    await writeArchive(await unpackArchive(archive(bytes), into()), names[0]!, written);
    expect((await unpackArchive(written, into(), names[0])).manifest.digest).toBe(digest);
    expect(readdirSync(folder)).not.toContain('written.tar.new');
  });

  it('is found by the name oci-archive:FILE or oci-archive:FILE:NAME, and nothing of it stays', async () => {
    const { archive: bytes, digest } = await image();
    const file = archive(bytes);
    const places: string[] = [];
    for (const it of [`oci-archive:${file}`, `oci-archive:${file}:coracle.local/x:1`]) {
      const found = await withImage(it, {}, async ({ manifest, folder: place }) => {
        places.push(place);
        return manifest.digest;
      });
      expect(found).toBe(digest);
    }
    expect(places.filter((it) => existsSync(it))).toEqual([]);
    await expect(withImage('nonsense', {}, async () => {})).rejects.toThrow(
      'there is no image "nonsense" to build (there is pause, ',
    );
  });

  it.each([
    ['is no tar archive', async () => archive(Buffer.alloc(2048, 'x')), /is no OCI archive: /],
    ['has no index', async () => archive(await tarOf(new Map([['a', text('a')]]))), /it has no index.json$/],
    ['is cut', async () => archive((await image()).archive.subarray(0, 3000)), /is no OCI archive: /],
    ['is not there', async () => join(folder, 'absent.tar'), /^there is no file /],
  ])('that %s is refused', async (_, make, message) => {
    await expect(unpackArchive(await make(), into())).rejects.toThrow(message);
  });

  it('with a part that is something else, or lacks, is refused', async () => {
    const { archive: bytes } = await image('original');
    const damaged = Buffer.from(bytes);
    damaged.write('modified', bytes.indexOf('original'));
    await expect(unpackArchive(archive(damaged), into())).rejects.toThrow(/is damaged: sha256:\w+ is something else/);
    const absent = { mediaType: mediaTypes.manifest, digest: digestOf('absent'), size: 6 };
    const file = await layout({ schemaVersion: 2, manifests: [absent] }, []);
    await expect(unpackArchive(file, into())).rejects.toThrow(`the image in ${file} lacks ${absent.digest}`);
  });

  it('of several images wants one to be named', async () => {
    const entry = (content: string, name: string) => ({
      mediaType: mediaTypes.manifest,
      digest: digestOf(content),
      size: 1,
      annotations: { 'org.opencontainers.image.ref.name': name },
    });
    const file = await layout({ schemaVersion: 2, manifests: [entry('a', 'one'), entry('b', 'two')] }, []);
    await expect(unpackArchive(file, into())).rejects.toMatchObject({
      message: `${file} has several images: one, two`,
      next: `Name one: oci-archive:${file}:NAME`,
    });
  });

  it('writes nothing but blobs, and those below its folder', async () => {
    const evil: Tree = new Map([['blobs/sha256/../../../evil', text('evil')]]);
    const place = into();
    await expect(unpackArchive(await layout({ schemaVersion: 2, manifests: [] }, [], evil), place)).rejects.toThrow(
      'has no image',
    );
    expect(readdirSync(place)).toEqual([]);
    expect(readdirSync(folder)).not.toContain('evil');
  });
});
