import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** What a test image runs, and which user it names. */
export interface ImageConfig {
  Entrypoint?: string[];
  Cmd?: string[];
  User?: string;
  Env?: string[];
  WorkingDir?: string;
}

/** Writes an OCI archive with busybox and its applets in /bin to `archive`; `name` is the full image name it is imported as. */
export function writeBusyboxImage(archive: string, name: string, config: ImageConfig): void {
  const work = mkdtempSync(join(tmpdir(), 'oci-image-'));
  try {
    const root = join(work, 'root');
    for (const folder of ['bin', 'etc', 'tmp', 'root', 'home']) mkdirSync(join(root, folder), { recursive: true });
    chmodSync(join(root, 'tmp'), 0o1777);
    copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
    const applets = execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).split('\n');
    for (const applet of applets) if (applet && applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nguest:x:1000:1000:guest:/home:/bin/sh\n');
    writeFileSync(join(root, 'etc/group'), 'root:x:0:\nguest:x:1000:\n');
    execFileSync('tar', ['-C', root, '--owner=0', '--group=0', '--numeric-owner', '-cf', join(work, 'layer.tar'), '.']);

    const layout = join(work, 'layout');
    const blob = (bytes: Buffer | string, mediaType: string) => {
      const digest = createHash('sha256').update(bytes).digest('hex');
      const path = join(layout, 'blobs/sha256', digest);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
      return { mediaType, digest: `sha256:${digest}`, size: Buffer.byteLength(bytes) };
    };
    const layer = blob(readFileSync(join(work, 'layer.tar')), 'application/vnd.oci.image.layer.v1.tar');
    const image = {
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: { Env: ['PATH=/bin'], ...config },
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
    };
    const manifest = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: blob(JSON.stringify(image), 'application/vnd.oci.image.config.v1+json'),
      layers: [layer],
    };
    const entry = {
      ...blob(JSON.stringify(manifest), manifest.mediaType),
      annotations: { 'io.containerd.image.name': name },
    };
    writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
    writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    execFileSync('tar', ['-C', layout, '-cf', archive, '.']);
  } finally {
    rmSync(work, { recursive: true });
  }
}
