import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { issueCertificate, makeAuthority } from './pki.ts';

/** A serving certificate of its own authority, valid a year, for programs that were given none (as upstream's `--cert-dir`). */
export async function selfSigned(bindAddress: string): Promise<{ cert: string; key: string }> {
  const host = hostname();
  const authority = await makeAuthority({ commonName: `${host}-ca@${Math.floor(Date.now() / 1000)}`, days: 365 });
  const addresses = [
    '127.0.0.1',
    ...(isIP(bindAddress) && !['0.0.0.0', '::', '127.0.0.1'].includes(bindAddress) ? [bindAddress] : []),
  ];
  const issued = await issueCertificate({
    authority,
    commonName: `${host}@${Math.floor(Date.now() / 1000)}`,
    dnsNames: [...new Set([host, 'localhost'])],
    ipAddresses: addresses,
    usages: ['server'],
    days: 365,
  });
  return { cert: `${issued.certificate}${authority.certificate}`, key: issued.key };
}
