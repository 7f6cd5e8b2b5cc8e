import type { CertificateSigningRequestSpec } from '@coracle/api/types/certificates/v1';
import type { RequestFacts } from '@coracle/process/pki/request';

export const signers = {
  client: 'kubernetes.io/kube-apiserver-client',
  kubeletClient: 'kubernetes.io/kube-apiserver-client-kubelet',
  kubeletServing: 'kubernetes.io/kubelet-serving',
  legacy: 'kubernetes.io/legacy-unknown',
} as const;

const encipherment = 'key encipherment';
const kubeletClientUsages = ['client auth', 'digital signature'];
const kubeletServingUsages = ['digital signature', 'server auth'];

/**
 * Why a signer may not sign a request, or undefined where it may. The rules are those of
 * https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers.
 */
export function objection(spec: CertificateSigningRequestSpec, facts: RequestFacts): string | undefined {
  switch (spec.signerName) {
    case signers.client:
      return clientObjection(spec.usages ?? []);
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

function clientObjection(usages: readonly string[]): string | undefined {
  const other = usages.find((each) => ![...kubeletClientUsages, encipherment].includes(each));
  if (other !== undefined) return `invalid usage for client certificate: ${other}`;
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth';
}

/** Whether the request is the certificate a kubelet shows to the API server. */
export function kubeletClientObjection(spec: CertificateSigningRequestSpec, facts: RequestFacts): string | undefined {
  if (!isOfNodes(facts)) return 'subject organization is not system:nodes';
  if (facts.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (facts.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (facts.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (facts.uris.length > 0) return 'URI subjectAltNames are not allowed';
  if (!isNodeName(facts)) return 'subject common name does not begin with system:node: ';
  return usagesObjection(spec.usages, kubeletClientUsages);
}

function kubeletServingObjection(spec: CertificateSigningRequestSpec, facts: RequestFacts): string | undefined {
  if (!isOfNodes(facts)) return 'subject organization is not system:nodes';
  if (facts.dnsNames.length + facts.ipAddresses.length < 1) return 'DNS or IP subjectAltName is required';
  if (facts.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (facts.uris.length > 0) return 'URI subjectAltNames are not allowed';
  return (
    usagesObjection(spec.usages, kubeletServingUsages) ??
    (isNodeName(facts) ? undefined : 'subject common name does not begin with system:node: ')
  );
}

const isOfNodes = ({ organizations }: RequestFacts): boolean =>
  organizations.length === 1 && organizations[0] === 'system:nodes';
const isNodeName = ({ commonName }: RequestFacts): boolean => commonName.startsWith('system:node:');

/** Key encipherment may be asked for or left out: RSA keys need it, others do not. */
function usagesObjection(usages: readonly string[] | undefined, wanted: readonly string[]): string | undefined {
  const rest = (usages ?? []).filter((each) => each !== encipherment).sort();
  return rest.join() === wanted.join()
    ? undefined
    : `usages did not match [${[...wanted, encipherment].sort().join(' ')}]`;
}
