import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where a serving certificate and its key are. */
export interface CertificateFiles {
  certFile: string;
  keyFile: string;
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

export async function readCertificateFiles({
  certFile,
  keyFile,
}: CertificateFiles): Promise<{ cert: string; key: string }> {
  return { cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8') };
}
