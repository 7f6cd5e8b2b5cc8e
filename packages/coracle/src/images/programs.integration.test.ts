import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { run } from '../host/run.ts';
import { type BuiltImage, buildImages } from './build.ts';
import type { Descriptor } from './oci.ts';
import { programRecipes } from './programs.ts';

let folder: string;
let images: BuiltImage[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coracle-programs-'));
  images = await buildImages({ recipes: programRecipes, cache: join(folder, 'first') });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const named = (name: string) => images.find((it) => it.recipe.name === name)!;

/** An image's archive, unpacked once, and its layers. */
function layersOf(image: BuiltImage): { layers: Descriptor[]; blob: (digest: string) => Buffer } {
  const place = join(folder, image.recipe.name);
  if (!existsSync(place)) {
    mkdirSync(place);
    execFileSync('tar', ['-C', place, '-xf', image.archive]);
  }
  const blob = (digest: string) => readFileSync(join(place, 'blobs', digest.replace(':', '/')));
  return { ...(JSON.parse(blob(image.digest).toString('utf8')) as { layers: Descriptor[] }), blob };
}

/** The root that the layers of an image make. */
function rootOf(image: BuiltImage): string {
  const root = join(folder, image.recipe.name, 'root');
  const { layers, blob } = layersOf(image);
  if (existsSync(root)) return root;
  mkdirSync(root);
  for (const it of layers) {
    execFileSync('tar', ['-C', root, '-xf', '-'], { input: zstdDecompressSync(blob(it.digest)) });
  }
  return root;
}

it('gives every program an image of at most 60 MB', () => {
  expect(images.map((it) => it.recipe.references[0])).toEqual(
    [
      'etcd',
      'kube-apiserver',
      'kube-scheduler',
      'kube-controller-manager',
      'kubelet',
      'kube-proxy',
      'overlay',
      'load-balancer',
      'cluster-dns',
    ].map((it) => `coracle.local/${it}:v1.36.0`),
  );
  expect(images.filter((it) => it.size > 60e6).map((it) => it.recipe.name)).toEqual([]);
});

it('gives the same digests when built again, in whatever company', async () => {
  const again = ['kube-scheduler', 'etcd'].map((name) => named(name).recipe);
  const built = await buildImages({ recipes: again, cache: join(folder, 'second') });
  expect(built.map((it) => it.digest)).toEqual(again.map(({ name }) => named(name).digest));
}, 120_000);

it('shares the layers below the programs', () => {
  const [etcd, scheduler, kubelet, proxy] = ['etcd', 'kube-scheduler', 'kubelet', 'kube-proxy'].map((it) =>
    layersOf(named(it)).layers.map(({ digest }) => digest),
  );
  expect(etcd![0]).toBe(scheduler![0]);
  expect(kubelet!.slice(0, 2)).toEqual(scheduler!.slice(0, 2));
  expect(proxy!.slice(0, 3)).toEqual(kubelet!.slice(0, 3));
});

it.each([
  ['etcd', 'etcd', 'etcd Version: 3.'],
  ['kube-apiserver', 'kube-apiserver', 'Kubernetes v1.36.0\n'],
  ['kube-scheduler', 'kube-scheduler', 'Kubernetes v1.36.0\n'],
  ['kube-controller-manager', 'kube-controller-manager', 'Kubernetes v1.36.0\n'],
  ['kubelet', 'kubelet', 'Kubernetes v1.36.0\n'],
  ['kube-proxy', 'kube-proxy', 'Kubernetes v1.36.0\n'],
])('%s runs on nothing but what its image holds', async (image, program, version) => {
  const root = rootOf(named(image));
  const inside = (...args: string[]) => run(['chroot', root, `/usr/bin/${program}`, ...args]);
  expect(await inside('--version')).toContain(version);
  if (program !== 'etcd') expect(await inside('--help')).toContain(`Usage:\n  ${program} [flags]`);
});

it('brings the tools that the programs of a node call', async () => {
  const root = rootOf(named('kube-proxy'));
  for (const tool of ['nft', 'ip', 'bridge', 'conntrack', 'mount', 'umount', 'nsenter']) {
    const version = await run(['chroot', root, tool, tool === 'ip' || tool === 'bridge' ? '-V' : '--version']);
    expect(version).toMatch(/\d\.\d/);
  }
});
