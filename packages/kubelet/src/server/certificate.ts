import { existsSync, unwatchFile, watchFile } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where a serving certificate and its key are. */
export interface CertificateFiles {
  certFile: string;
  keyFile: string;
}

/** What the kubelet's server shows, and that it may change. */
export interface ServingCertificate {
  /** The pair in force, in PEM; undefined while there is none yet: handshakes fail until then. */
  read(): Promise<{ cert: string; key: string } | undefined>;
  /** Calls back when another pair is in force; returns what ends that. */
  follow(changed: () => void): () => void;
}

const days = 365;

/**
 * The files of the serving certificate: the configured ones, or else a self-signed pair in `folder`, made when it is not there yet.
 */
export async function servingCertificate(
  configured: CertificateFiles,
  folder: string,
  nodeName: string,
  ips: readonly string[],
): Promise<CertificateFiles> {
  if (configured.certFile && configured.keyFile) return configured;
  const files = { certFile: join(folder, 'kubelet.crt'), keyFile: join(folder, 'kubelet.key') };
  if (existsSync(files.certFile) && existsSync(files.keyFile)) return files;
  // Loaded only where it is needed: it costs a quarter of the kubelet's memory.
  const { issueCertificate, makeAuthority } = await import('@coracle/process/pki');
  const stamp = Math.floor(Date.now() / 1000);
  const authority = await makeAuthority({ commonName: `${nodeName}-ca@${stamp}`, days });
  const issued = await issueCertificate({
    authority,
    commonName: `${nodeName}@${stamp}`,
    dnsNames: [nodeName],
    ipAddresses: [...new Set([...ips, '127.0.0.1'])],
    usages: ['server'],
    days,
  });
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await write(files.keyFile, issued.key, 0o600);
  await write(files.certFile, `${issued.certificate}${authority.certificate}`, 0o644);
  return files;
}

async function write(file: string, text: string, mode: number): Promise<void> {
  await writeFile(`${file}.tmp`, text, { mode });
  await rename(`${file}.tmp`, file);
}

/** The certificate of two files, read again when they change. */
export function certificateOfFiles({ certFile, keyFile }: CertificateFiles): ServingCertificate {
  return {
    read: async () => ({ cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8') }),
    follow(changed) {
      watchFile(certFile, { interval: 60_000, persistent: false }, changed);
      return () => unwatchFile(certFile, changed);
    },
  };
}
