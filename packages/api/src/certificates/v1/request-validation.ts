import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../../generated/certificates/v1.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
} from '../../meta/field-path.ts';
import { isDns1123Subdomain, isPathSegmentName } from '../../meta/names.ts';
import { deepEqual } from '../../meta/object.ts';

const usages = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];

/** Errors of a new request: the PEM block, its usages and signer. */
export function validateRequest(it: CertificateSigningRequest, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const spec = it.spec;
  const path = at.child('spec');
  if (!spec) return [required(path)];
  const pem = Buffer.from(spec.request ?? '', 'base64').toString('latin1');
  if (!/-----BEGIN CERTIFICATE REQUEST-----[\s\S]+-----END CERTIFICATE REQUEST-----/.test(pem)) {
    errors.push(invalid(path.child('request'), spec.request ?? '', 'PEM block type must be CERTIFICATE REQUEST'));
  }
  if (!spec.usages?.length) errors.push(required(path.child('usages')));
  const seen = new Set<string>();
  for (const [i, usage] of (spec.usages ?? []).entries()) {
    if (!usages.includes(usage)) errors.push(notSupported(path.child('usages').index(i), usage, usages));
    if (seen.has(usage)) errors.push(duplicate(path.child('usages').index(i), usage));
    seen.add(usage);
  }
  errors.push(...validateSigner(spec.signerName, path.child('signerName')));
  if (spec.expirationSeconds !== undefined && spec.expirationSeconds < 600) {
    errors.push(
      invalid(
        path.child('expirationSeconds'),
        spec.expirationSeconds,
        'may not specify a duration less than 600 seconds (10 minutes)',
      ),
    );
  }
  errors.push(...validateConditions(it.status?.conditions ?? [], at.child('status.conditions')));
  return errors;
}

/** Errors of a change: decisions stay, and an issued certificate stays. */
export function validateRequestUpdate(
  it: CertificateSigningRequest,
  old: CertificateSigningRequest,
  at: Path,
): FieldError[] {
  const errors = validateConditions(it.status?.conditions ?? [], at.child('status.conditions'));
  for (const type of ['Approved', 'Denied', 'Failed']) {
    const before = (old.status?.conditions ?? []).filter((each) => each.type === type);
    const after = (it.status?.conditions ?? []).filter((each) => each.type === type);
    if (before.length === 0) continue;
    if (after.length === 0)
      errors.push(forbidden(at.child('status.conditions'), `updates may not remove a condition of type "${type}"`));
    else if (!deepEqual(before, after))
      errors.push(forbidden(at.child('status.conditions'), `updates may not modify a condition of type "${type}"`));
  }
  const certificate = old.status?.certificate;
  if (certificate && certificate !== it.status?.certificate) {
    errors.push(forbidden(at.child('status.certificate'), 'updates may not change a non-empty certificate'));
  }
  return errors;
}

function validateConditions(conditions: readonly CertificateSigningRequestCondition[], at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, condition] of conditions.entries()) {
    const path = at.index(i);
    if (!condition.type) errors.push(required(path.child('type')));
    else if (seen.has(condition.type)) errors.push(duplicate(path.child('type'), condition.type));
    seen.add(condition.type);
    if (!condition.status) errors.push(required(path.child('status')));
    else if (condition.status !== 'True') errors.push(notSupported(path.child('status'), condition.status, ['True']));
  }
  if (seen.has('Approved') && seen.has('Denied'))
    errors.push(invalid(at, 'Denied', 'Approved and Denied conditions are mutually exclusive'));
  return errors;
}

function validateSigner(signer: string | undefined, at: Path): FieldError[] {
  if (!signer) return [required(at)];
  const [domain = '', ...rest] = signer.split('/');
  if (rest.length === 0)
    return [invalid(at, signer, 'must be a fully qualified domain and path of the form "example.com/signer-name"')];
  const errors = isDns1123Subdomain(domain).map((message) => invalid(at, domain, message));
  if (!domain.includes('.'))
    errors.push(invalid(at, domain, 'should be a domain with at least two segments separated by dots'));
  for (const message of rest.flatMap((segment) => isPathSegmentName(segment)))
    errors.push(invalid(at, rest.join('/'), message));
  return errors;
}
