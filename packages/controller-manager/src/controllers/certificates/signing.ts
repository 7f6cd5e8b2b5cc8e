import { readFile } from 'node:fs/promises';
import { certificateSigningRequest } from '@coracle/api/certificates/v1/certificatesigningrequest';
import { clone } from '@coracle/api/meta/object';
import { formatTime, now } from '@coracle/api/meta/time';
import type { CertificateSigningRequest } from '@coracle/api/types/certificates/v1';
import type { Authority } from '@coracle/process/pki/authority';
import { defineController, own } from '../../controller.ts';
import type { Settings, SignerFiles } from '../../settings.ts';
import { isApproved, isFailed, requestPem } from './conditions.ts';
import { objection } from './recognition.ts';

const minute = 60_000;
const backdate = 5 * minute;
/** Nothing shorter is signed: clocks differ, and those who renew need time. */
const shortest = 10 * minute;
/** Below this the end is not moved back with the beginning: it would be a large part of the whole. */
const short = 8 * 60 * minute;

/** Signs approved requests with the authorities the flags name, one for each of the kubernetes.io signers. */
export const csrSigningController = defineController({
  name: 'certificatesigningrequest-signing-controller',
  aliases: ['csrsigning'],
  serviceAccount: 'certificate-controller',
  watches: [own(certificateSigningRequest)],
  disabled: ({ signers }) =>
    Object.values(signers).some((files) => files)
      ? undefined
      : 'no --cluster-signing-cert-file and --cluster-signing-key-file',

  async reconcile(key, { client, listers, settings }) {
    const it = listers.get(certificateSigningRequest, key);
    if (!it || it.status?.certificate || !isApproved(it) || isFailed(it)) return;
    const files = settings.signers[it.spec.signerName];
    if (!files) return;
    const { parseRequest, signRequest } = await import('@coracle/process/pki/request');
    const request = requestPem(it);
    const refused = objection(it.spec, parseRequest(request));
    const signed = clone(it);
    if (refused) {
      const time = now();
      const failed = {
        type: 'Failed',
        status: 'True',
        reason: 'SignerValidationFailure',
        message: refused,
        lastUpdateTime: time,
        lastTransitionTime: time,
      };
      signed.status = { ...signed.status, conditions: [...(signed.status?.conditions ?? []), failed] };
    } else {
      const authority = await load(files);
      const [notBefore, notAfter] = validity(it, settings, await expiry(authority), Date.now());
      const pem = await signRequest({ authority, request, usages: it.spec.usages ?? [], notBefore, notAfter });
      signed.status = { ...signed.status, certificate: Buffer.from(pem).toString('base64') };
    }
    await client.updateStatus(certificateSigningRequest, signed);
  },
});

/** Files are read for each signature, so that an authority can be renewed without a restart. */
async function load({ certFile, keyFile }: SignerFiles): Promise<Authority> {
  const [certificate, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
  return { certificate, key };
}

async function expiry({ certificate }: Authority): Promise<number> {
  const { readCertificate } = await import('@coracle/process/pki/certificate');
  return readCertificate(certificate).notAfter.getTime();
}

/**
 * From a little before now, for as long as asked for, at least ten minutes, at most as long as the flags allow, and never longer than
 * the authority itself. Times in milliseconds. Throws when the authority has expired.
 */
export function validity(
  it: CertificateSigningRequest,
  settings: Settings,
  authorityEnds: number,
  at: number,
): [Date, Date] {
  if (at >= authorityEnds) {
    throw new Error(
      `refusing to sign a certificate that expired in the past: NotAfter ${formatTime(authorityEnds)} is before now (${formatTime(at)})`,
    );
  }
  const most = settings.clusterSigningDuration;
  const asked = it.spec.expirationSeconds;
  const lasts = asked === undefined ? most : Math.min(Math.max(asked * 1000, shortest), most);
  const end = at + lasts - (lasts < short ? 0 : backdate);
  return [new Date(at - backdate), new Date(Math.min(end, authorityEnds))];
}
