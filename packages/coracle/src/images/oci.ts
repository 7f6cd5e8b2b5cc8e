import type { Layer } from './layer.ts';
import type { Architecture } from './pause.ts';
import { buildTime, digestOf, type Tree, tarOf } from './tree.ts';

/** What an image runs and says of itself. */
export interface ImageConfig {
  entrypoint?: string[];
  command?: string[];
  environment?: Record<string, string>;
  exposedPorts?: string[];
  stopSignal?: string;
  labels?: Record<string, string>;
}

/** The media types of an image's parts. */
export const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
} as const;

/** How one part of an image names another. */
export interface Descriptor {
  mediaType: string;
  digest: string;
  /** In bytes. */
  size: number;
}

/**
 * An OCI archive (a tar of the OCI image layout) of one image, under all its full names (`docker.io/library/nginx:1.14.2`). The same input
 * gives the same bytes.
 */
export async function ociArchive(
  names: readonly string[],
  architecture: Architecture,
  layers: readonly Layer[],
  config: ImageConfig,
): Promise<{ archive: Buffer; digest: string }> {
  const files: Tree = new Map();
  const add = (bytes: Buffer, mediaType: string): Descriptor => {
    const digest = digestOf(bytes);
    files.set(`blobs/${digest.replace(':', '/')}`, { type: 'file', mode: 0o644, content: bytes });
    return { mediaType, digest, size: bytes.length };
  };
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));

  const platform = { architecture: architecture === 'x64' ? 'amd64' : 'arm64', os: 'linux' };
  const imageConfig = add(
    json({
      ...platform,
      created: buildTime.toISOString(),
      config: {
        Env: Object.entries(config.environment ?? {}).map(([name, value]) => `${name}=${value}`),
        ...(config.entrypoint ? { Entrypoint: config.entrypoint } : {}),
        ...(config.command ? { Cmd: config.command } : {}),
        ...(config.exposedPorts ? { ExposedPorts: Object.fromEntries(config.exposedPorts.map((it) => [it, {}])) } : {}),
        ...(config.stopSignal ? { StopSignal: config.stopSignal } : {}),
        Labels: config.labels ?? {},
      },
      rootfs: { type: 'layers', diff_ids: layers.map((it) => it.diffId) },
      history: layers.map(() => ({ created: buildTime.toISOString(), created_by: 'coracle image build' })),
    }),
    mediaTypes.config,
  );
  const manifest = add(
    json({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: imageConfig,
      layers: layers.map((it) => add(it.blob, it.mediaType)),
    }),
    mediaTypes.manifest,
  );
  const index = {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: names.map((name) => ({
      ...manifest,
      platform,
      annotations: {
        'io.containerd.image.name': name,
        'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1),
      },
    })),
  };
  files.set('index.json', { type: 'file', mode: 0o644, content: json(index) });
  files.set('oci-layout', { type: 'file', mode: 0o644, content: json({ imageLayoutVersion: '1.0.0' }) });
  return { archive: await tarOf(files), digest: manifest.digest };
}
