import { readFile } from 'node:fs/promises';
import { certificateSigningRequest } from '@coracle/api/certificates/v1/certificatesigningrequest';
import { clone } from '@coracle/api/meta/object';
import { now } from '@coracle/api/meta/time';
import type { CertificateSigningRequest } from '@coracle/api/types/certificates/v1';
import type { Authority } from '@coracle/process/pki/authority';
import { defineController, own } from '../../controller.ts';
import type { Settings, SignerFiles } from '../../settings.ts';
import { isApproved, isFailed, requestPem } from './conditions.ts';
import { objection } from './recognition.ts';

const backdate = 5 * 60_000;

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

/** As long as asked for, at most as long as the flags allow, and never longer than the authority itself. Times in milliseconds. */
export function validity(
  it: CertificateSigningRequest,
  settings: Settings,
  authorityEnds: number,
  at: number,
): [Date, Date] {
  const most = settings.clusterSigningDuration;
  const asked = it.spec.expirationSeconds === undefined ? most : Math.min(it.spec.expirationSeconds * 1000, most);
  return [new Date(at - backdate), new Date(Math.min(at - backdate + asked, authorityEnds))];
}
