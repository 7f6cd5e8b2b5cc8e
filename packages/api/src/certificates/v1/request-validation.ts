import { X509Certificate } from 'node:crypto';
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../../generated/certificates/v1.ts';
import { append } from '../../meta/append.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
  tooLong,
} from '../../meta/field-path.ts';
import { isDns1123Label, isDns1123Subdomain, maxSubdomainLength } from '../../meta/names.ts';
import { type PemBlock, pemBlocks } from '../../meta/pem.ts';
import { repeats } from '../../meta/repeats.ts';

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
  const request = path.child('request');
  append(
    errors,
    requestBlock(pem)
      ? request.beforehand()
      : [invalid(request, spec.request ?? '', 'PEM block type must be CERTIFICATE REQUEST')],
  );
  if (!spec.usages?.length) errors.push(required(path.child('usages')));
  append(errors, validateUsages(spec.usages ?? [], path.child('usages')));
  append(errors, validateSigner(spec.signerName, path.child('signerName')));
  if (spec.expirationSeconds !== undefined && spec.expirationSeconds < 600) {
    errors.push(
      invalid(
        path.child('expirationSeconds'),
        spec.expirationSeconds,
        'may not specify a duration less than 600 seconds (10 minutes)',
      ),
    );
  }
  append(errors, validateConditions(it.status?.conditions ?? [], at.child('status.conditions')));
  return errors;
}

/** The certificate request that a text begins with; undefined: its first block is none. */
export function requestBlock(pem: string): PemBlock | undefined {
  const block = pemBlocks(pem)[0];
  return block?.type === 'CERTIFICATE REQUEST' ? block : undefined;
}

/** Errors of usages: those there are not, then those that are there twice. */
function validateUsages(given: readonly string[], at: Path): FieldError[] {
  const each = given.map((usage, i) => ({ usage, i }));
  return [
    ...each
      .filter(({ usage }) => !usages.includes(usage))
      .map(({ usage, i }) => notSupported(at.index(i), usage, usages)),
    ...[...repeats(given)].map((i) => duplicate(at.index(i), given[i])),
  ];
}

/** Errors of a change, but for one through `approval`, where alone it is decided: decisions stay, and an issued certificate stays. */
export function validateRequestUpdate(
  it: CertificateSigningRequest,
  old: CertificateSigningRequest,
  at: Path,
): FieldError[] {
  const path = at.child('status.conditions');
  const errors = [
    ...validateConditions(it.status?.conditions ?? [], path),
    ...validateCertificate(it, old, at.child('status.certificate')),
    ...validateKept(it, old, path),
  ];
  for (const type of ['Approved', 'Denied'])
    if (conditionsOf(it, type) > conditionsOf(old, type))
      errors.push(forbidden(path, `updates may not add a condition of type "${type}"`));
  const [before, certificate] = [old.status?.certificate, it.status?.certificate];
  if (before && before !== certificate)
    errors.push(forbidden(at.child('status.certificate'), 'updates may not modify existing certificate content'));
  return errors;
}

/** Errors of a decision: what was decided is not taken back. */
export function validateApproval(
  it: CertificateSigningRequest,
  old: CertificateSigningRequest,
  at: Path,
): FieldError[] {
  const path = at.child('status.conditions');
  return [...validateConditions(it.status?.conditions ?? [], path), ...validateKept(it, old, path)];
}

const conditionsOf = ({ status }: CertificateSigningRequest, type: string): number =>
  (status?.conditions ?? []).filter((each) => each.type === type).length;

function validateKept(it: CertificateSigningRequest, old: CertificateSigningRequest, at: Path): FieldError[] {
  return [...decisions]
    .filter((type) => conditionsOf(it, type) < conditionsOf(old, type))
    .map((type) => forbidden(at, `updates may not remove a condition of type "${type}"`));
}

/** Errors of certificates that are new, and take the place of none or of ones that are in order. */
function validateCertificate(it: CertificateSigningRequest, old: CertificateSigningRequest, at: Path): FieldError[] {
  const [before, certificate] = [old.status?.certificate, it.status?.certificate];
  if (!certificate || certificate === before || (before && certificateProblem(before) !== undefined)) return [];
  const problem = certificateProblem(certificate);
  return problem === undefined ? [] : [invalid(at, '<certificate data>', problem)];
}

const decisions = new Set(['Approved', 'Denied', 'Failed']);
const statuses = ['False', 'True', 'Unknown'];

function validateConditions(conditions: readonly CertificateSigningRequestCondition[], at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, { type = '', status = '' }] of conditions.entries()) {
    const path = at.index(i);
    if (type === '') errors.push(required(path.child('type')));
    const allowed = decisions.has(type) ? ['True'] : statuses;
    if (status === '') errors.push(required(path.child('status')));
    else if (!allowed.includes(status)) errors.push(notSupported(path.child('status'), status, allowed));
    const opposite = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : undefined;
    if (opposite !== undefined && seen.has(opposite))
      errors.push(invalid(path.child('type'), type, 'Approved and Denied conditions are mutually exclusive'));
    if (seen.has(type)) errors.push(duplicate(path.child('type'), type));
    seen.add(type);
  }
  return errors;
}

/** What is wrong with certificates in PEM; undefined: nothing. */
function certificateProblem(base64: string): string | undefined {
  const pem = Buffer.from(base64, 'base64').toString('latin1');
  const blocks = [...pem.matchAll(/-----BEGIN ([^\n-]+)-----\r?\n([\s\S]*?)-----END \1-----/g)];
  for (const [block, type, body = ''] of blocks) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`;
    if (body.includes(':')) return 'no PEM block headers are permitted';
    try {
      new X509Certificate(block);
    } catch {
      return 'x509: malformed certificate';
    }
  }
  return blocks.length === 0 ? 'must contain at least one CERTIFICATE PEM block' : undefined;
}

const formOfSigner = "must be a fully qualified domain and path of the form 'example.com/signer-name'";

function validateSigner(signer: string | undefined, at: Path): FieldError[] {
  if (!signer) return [required(at)];
  if (signer === 'kubernetes.io/legacy-unknown')
    return [invalid(at, signer, 'the legacy signerName is not allowed via this API version')];
  const [domain = '', path = '', ...more] = signer.split('/');
  if (!signer.includes('/') || more.length > 0) return [invalid(at, signer, formOfSigner)];
  const errors = domain.length > maxSubdomainLength ? [tooLong(at, maxSubdomainLength)] : [];
  const labels = domain.split('.');
  append(errors, validateSegments(labels, domain, isDns1123Label, at));
  if (labels.length < 2)
    errors.push(invalid(at, domain, 'should be a domain with at least two segments separated by dots'));
  return [...errors, ...validateSegments(path.split('.'), path, isDns1123Subdomain, at)];
}

/** Errors of the first segment that is wrong. */
function validateSegments(
  segments: readonly string[],
  whole: string,
  check: (segment: string) => string[],
  at: Path,
): FieldError[] {
  const wrong = segments.find((segment) => check(segment).length > 0);
  if (wrong === undefined) return [];
  return check(wrong).map((message) => invalid(at, whole, `validating label ${JSON.stringify(wrong)}: ${message}`));
}
