import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { plainLayer } from '../images/layer.ts';
import { ociArchive } from '../images/oci.ts';
import type { Architecture } from '../images/pause.ts';
import { type Tree, text } from '../images/tree.ts';

/** The parts of a system container's image that a test decides; the rest is as simple as can be. */
export interface SystemImageParts {
  version: string;
  /** Beside what is said here and `/version`. */
  files?: Tree;
  /** The file of that name in /exports; undefined leaves it out. */
  exports?: Record<string, string | undefined>;
}

/** Writes the OCI archive of a system container's image; resolves to how `coracle` is to name it. */
export async function systemImage(folder: string, parts: SystemImageParts): Promise<string> {
  const { version, files = new Map(), exports = {} } = parts;
  const templates: Record<string, string | undefined> = {
    'manifest.json': JSON.stringify({
      version: '1.0',
      defaultValues: { ARGS_FILE: '', GREETING: 'hello' },
      health: { check: 'exec:/bin/check' },
    }),
    'config.json.template': JSON.stringify({
      ociVersion: '1.0.2',
      process: { args: ['/bin/program', '$GREETING', '@$ARGS_FILE'], cwd: '/' },
      root: { path: 'rootfs' },
    }),
    'service.template': `[Service]\nExecStart=$EXEC_START\nEnvironment=VERSION=${version}\n[Install]\nWantedBy=multi-user.target\n`,
    'tmpfiles.template': `d /run/$NAME-${version} 0755 root root -\n`,
    ...exports,
  };
  const layer: Tree = new Map([...files, ['version', text(version)]]);
  for (const [name, content] of Object.entries(templates)) {
    if (content !== undefined) layer.set(`exports/${name}`, text(content));
  }
  const labels = { 'org.opencontainers.image.version': version };
  const layers = [await plainLayer(layer)];
  const { archive } = await ociArchive([`example/${version}`], process.arch as Architecture, layers, { labels });
  const file = join(folder, `${version}.tar`);
  writeFileSync(file, archive);
  return `oci-archive:${file}`;
}
