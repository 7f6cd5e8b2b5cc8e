import { certificateSigningRequest } from '@coracle/api/certificates/v1/certificatesigningrequest';
import { isNotFound } from '@coracle/api/meta/status';
import { parseTime } from '@coracle/api/meta/time';
import type { CertificateSigningRequest } from '@coracle/api/types/certificates/v1';
import { defineController, own } from '../../controller.ts';

const hour = 60 * 60_000;
/** How long requests are kept: decided ones an hour, open ones a day. */
const kept = { decided: hour, pending: 24 * hour };

/** Deletes requests nobody needs any more: long decided, long open, or with an expired certificate. */
export const csrCleanerController = defineController({
  name: 'certificatesigningrequest-cleaner-controller',
  aliases: ['csrcleaner'],
  serviceAccount: 'certificate-controller',
  watches: [own(certificateSigningRequest)],

  async reconcile(key, { client, listers, enqueue }) {
    const it = listers.get(certificateSigningRequest, key);
    if (!it) return;
    const left = (await endOf(it)) - Date.now();
    if (left > 0) return enqueue(key, left);
    try {
      await client.delete(certificateSigningRequest, key, undefined, { preconditions: { uid: it.metadata.uid } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  },
});

/** When a request may go, in milliseconds since 1970. */
export async function endOf(it: CertificateSigningRequest): Promise<number> {
  const created = parseTime(it.metadata.creationTimestamp!);
  const { conditions = [], certificate } = it.status ?? {};
  if (conditions.length === 0) return created + kept.pending;
  const decided = conditions.map((each) => (each.lastUpdateTime ? parseTime(each.lastUpdateTime) : created));
  const ends = decided.map((time) => time + kept.decided);
  if (certificate) ends.push(await expiryOf(certificate));
  return Math.min(...ends);
}

async function expiryOf(certificate: string): Promise<number> {
  const { readCertificate } = await import('@coracle/process/pki/certificate');
  return readCertificate(Buffer.from(certificate, 'base64').toString()).notAfter.getTime();
}
