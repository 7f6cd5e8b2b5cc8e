import type { CertificateSigningRequestSpec } from '@coracle/api/types/certificates/v1';
import type { RequestFacts } from '@coracle/process/pki/request';

export const signers = {
  client: 'kubernetes.io/kube-apiserver-client',
  kubeletClient: 'kubernetes.io/kube-apiserver-client-kubelet',
  kubeletServing: 'kubernetes.io/kubelet-serving',
  legacy: 'kubernetes.io/legacy-unknown',
} as const;

const clientUsages = ['client auth', 'digital signature'];
const servingUsages = ['digital signature', 'server auth'];

/**
 * Why a signer may not sign a request, or undefined where it may. The rules are those of
 * https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers.
 */
export function objection(spec: CertificateSigningRequestSpec, facts: RequestFacts): string | undefined {
  switch (spec.signerName) {
    case signers.client:
      return facts.organizations.includes('system:masters')
        ? 'subject must not be in system:masters'
        : clientOnly(spec);
    case signers.kubeletClient:
      return kubeletClientObjection(spec, facts);
    case signers.kubeletServing:
      return kubeletServingObjection(spec, facts);
    case signers.legacy:
      return undefined;
    default:
      return `signer ${spec.signerName} is not one of this controller`;
  }
}

function clientOnly(spec: CertificateSigningRequestSpec): string | undefined {
  const allowed = ['client auth', 'digital signature', 'key encipherment'];
  if (!spec.usages?.includes('client auth')) return 'usages must include client auth';
  return spec.usages.every((each) => allowed.includes(each))
    ? undefined
    : 'usages did not match [client auth digital signature key encipherment]';
}

/** Whether the request is the certificate a kubelet shows to the API server. */
export function kubeletClientObjection(spec: CertificateSigningRequestSpec, facts: RequestFacts): string | undefined {
  const wrongSubject = nodeSubjectObjection(facts);
  if (wrongSubject) return wrongSubject;
  if (facts.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (facts.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (facts.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (facts.uris.length > 0) return 'URI subjectAltNames are not allowed';
  return usagesObjection(spec.usages, clientUsages);
}

function kubeletServingObjection(spec: CertificateSigningRequestSpec, facts: RequestFacts): string | undefined {
  const wrongSubject = nodeSubjectObjection(facts);
  if (wrongSubject) return wrongSubject;
  if (facts.dnsNames.length + facts.ipAddresses.length < 1) return 'DNS or IP subjectAltName is required';
  if (facts.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (facts.uris.length > 0) return 'URI subjectAltNames are not allowed';
  if (spec.username !== facts.commonName) return 'requestor does not match the subject';
  return usagesObjection(spec.usages, servingUsages);
}

function nodeSubjectObjection({ organizations, commonName }: RequestFacts): string | undefined {
  if (organizations.length !== 1 || organizations[0] !== 'system:nodes')
    return 'subject organization is not system:nodes';
  return commonName.startsWith('system:node:') ? undefined : 'subject common name does not begin with system:node:';
}

/** Key encipherment may be asked for or left out: RSA keys need it, others do not. */
function usagesObjection(usages: readonly string[] | undefined, wanted: readonly string[]): string | undefined {
  const rest = (usages ?? []).filter((each) => each !== 'key encipherment').sort();
  return rest.join() === wanted.join() ? undefined : `usages did not match [${wanted.join(' ')}]`;
}
