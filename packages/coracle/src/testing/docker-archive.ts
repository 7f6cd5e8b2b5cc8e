import type { Layer } from '../images/layer.ts';
import type { Architecture } from '../images/pause.ts';
import { digestOf, type Tree, tarOf, text } from '../images/tree.ts';

/** An archive as `docker save` wrote it before it wrote image layouts: a configuration, a folder for each layer, and manifest.json. */
export function dockerArchive(
  names: readonly string[] | null,
  architecture: Architecture,
  layers: readonly Layer[],
): Promise<Buffer> {
  const config = JSON.stringify({
    architecture: architecture === 'x64' ? 'amd64' : 'arm64',
    os: 'linux',
    config: { Cmd: ['/bin/sh'] },
    rootfs: { type: 'layers', diff_ids: layers.map((it) => it.diffId) },
    history: layers.map(() => ({ created: '2025-01-01T00:00:00Z' })),
  });
  const configFile = `${digestOf(config).slice('sha256:'.length)}.json`;
  const files = layers.map((it) => [`${it.diffId.slice('sha256:'.length)}/layer.tar`, it.blob] as const);
  const manifest = [{ Config: configFile, RepoTags: names, Layers: files.map(([path]) => path) }];
  const tree: Tree = new Map([
    [configFile, text(config)],
    ['manifest.json', text(JSON.stringify(manifest))],
    ...files.map(([path, content]) => [path, { ...text(''), content }] as const),
  ]);
  return tarOf(tree);
}
