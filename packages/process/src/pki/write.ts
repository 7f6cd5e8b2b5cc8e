import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a PEM file whole or not at all, readable by its owner alone (mode 0600) unless `mode` says otherwise. The folder is made,
 * mode 0700, when it is missing.
 */
export async function writePem(file: string, pem: string, mode = 0o600): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.new`;
  await writeFile(draft, pem, { mode });
  await chmod(draft, mode); // the umask does not apply to it, and a left-over draft keeps no older mode
  await rename(draft, file);
}
