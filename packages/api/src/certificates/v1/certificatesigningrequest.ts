import { age, since, text } from '../../columns.ts';
import type { CertificateSigningRequest } from '../../generated/certificates/v1.ts';
import { defineKind } from '../../kind.ts';
import { isPathSegmentName } from '../../meta/names.ts';
import { humanDuration } from '../../meta/time.ts';
import { validateRequest, validateRequestUpdate } from './request-validation.ts';

/** A wish for a certificate, to be approved and signed. */
export const certificateSigningRequest = defineKind<CertificateSigningRequest>('certificates/v1', {
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  shortNames: ['csr'],
  namespaced: false,
  hasGeneration: false,
  name: isPathSegmentName,
  subresources: { status: true },
  prepareForCreate(it) {
    it.status = {};
  },
  prepareForUpdate(it, old) {
    it.spec = old.spec;
  },
  validate: validateRequest,
  validateUpdate: validateRequestUpdate,
  validateStatusUpdate: validateRequestUpdate,
  columns: [
    { ...age, value: (it, now) => since(it.metadata.creationTimestamp, now) },
    text('SignerName', (it) => it.spec.signerName, 'Who is to sign it.'),
    text('Requestor', (it) => it.spec.username, 'Who asks.'),
    text(
      'RequestedDuration',
      (it) => (it.spec.expirationSeconds === undefined ? '<none>' : humanDuration(it.spec.expirationSeconds * 1000)),
      'How long it shall be valid.',
    ),
    text('Condition', shownConditions, 'Pending, or what became of it.'),
  ],
  selectableFields: { 'spec.signerName': (it) => it.spec?.signerName ?? '' },
});

function shownConditions(it: CertificateSigningRequest): string {
  const has = (type: string) => it.status?.conditions?.some((each) => each.type === type);
  const words = [has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending'];
  if (has('Failed')) words.push('Failed');
  if (it.status?.certificate) words.push('Issued');
  return words.join(',');
}
