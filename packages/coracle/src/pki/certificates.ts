import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cluster, pkiFolder } from '../cluster/cluster.ts';
import { type AuthorityName, authorities, type PlannedCertificate, planCertificates } from './plan.ts';

const authorityDays = 3650;
const certificateDays = 365;
/** What has less left is made anew. */
const leastDaysLeft = 90;
const day = 24 * 60 * 60 * 1000;

/**
 * Makes what is missing of a cluster's authorities, keys and certificates, and certificates that soon expire anew. All files are for root
 * alone. Resolves to how many it made.
 */
export async function ensurePki(cluster: Cluster, now = Date.now()): Promise<number> {
  const folder = pkiFolder(cluster);
  const file = (name: string) => join(folder, name);
  const missingAuthorities = (Object.keys(authorities) as AuthorityName[]).filter(
    (it) => !(existsSync(file(`${it}.crt`)) && existsSync(file(`${it}.key`))),
  );
  const missing = planCertificates(cluster).filter(
    (it) => missingAuthorities.includes(it.authority) || needsIssue(it, file(it.file), now),
  );
  const keys = existsSync(file('sa.key')) && existsSync(file('sa.pub'));
  if (missingAuthorities.length + missing.length === 0 && keys) return 0;

  // Loaded only when there is something to make: it is the slowest import of all.
  const pki = await import('@coracle/process/pki');
  for (const name of missingAuthorities) {
    const made = await pki.makeAuthority({ commonName: authorities[name], days: authorityDays });
    await pki.writePem(file(`${name}.crt`), made.certificate);
    await pki.writePem(file(`${name}.key`), made.key);
  }
  if (!keys) {
    const made = await pki.makeServiceAccountKeys();
    await pki.writePem(file('sa.key'), made.privateKey);
    await pki.writePem(file('sa.pub'), made.publicKey);
  }
  for (const { file: name, authority, ...wishes } of missing) {
    const made = await pki.issueCertificate({
      ...wishes,
      authority: readAuthority(folder, authority),
      days: certificateDays,
    });
    await pki.writePem(file(`${name}.key`), made.key);
    await pki.writePem(file(`${name}.crt`), made.certificate);
  }
  return missingAuthorities.length + missing.length + (keys ? 0 : 1);
}

function readAuthority(folder: string, name: AuthorityName): { certificate: string; key: string } {
  return {
    certificate: readFileSync(join(folder, `${name}.crt`), 'utf8'),
    key: readFileSync(join(folder, `${name}.key`), 'utf8'),
  };
}

/** Whether a certificate is not there, does not fit its key, says something else than planned, or ends soon. */
function needsIssue(planned: PlannedCertificate, path: string, now: number): boolean {
  if (!existsSync(`${path}.crt`) || !existsSync(`${path}.key`)) return true;
  const certificate = new X509Certificate(readFileSync(`${path}.crt`));
  if (certificate.validToDate.getTime() - now < leastDaysLeft * day) return true;
  return (
    !certificate.checkPrivateKey(createPrivateKey(readFileSync(`${path}.key`))) ||
    (planned.ipAddresses ?? []).some((it) => !certificate.checkIP(it)) ||
    (planned.dnsNames ?? []).some((it) => !certificate.checkHost(it))
  );
}
