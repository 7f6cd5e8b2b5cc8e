import type { Case } from './differential.ts';

/** Requests for certificates (PKCS#10 in PEM, base64): one with all a subject can have, one with a name alone. */
const request = {
  full: 'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlJQjJ6Q0NBWUVDQVFBd2dhc3hDekFKQmdOVkJBWVRBa2xUTVE0d0RBWURWUVFJREFWVGIzVjBhREVNTUFvRwpBMVVFQnd3RFZtbHJNUTh3RFFZRFZRUUpEQVpOWVdsdUlERXhEREFLQmdOVkJCRU1BemczTURFVk1CTUdBMVVFCkNnd01jM2x6ZEdWdE9tNXZaR1Z6TVE4d0RRWURWUVFLREFaelpXTnZibVF4RFRBTEJnTlZCQXNNQkhWdWFYUXgKQ3pBSkJnTlZCQVVUQWpReU1Sc3dHUVlEVlFRRERCSnplWE4wWlcwNmJtOWtaVHAzYjNKclpYSXdXVEFUQmdjcQpoa2pPUFFJQkJnZ3Foa2pPUFFNQkJ3TkNBQVM5bkowZ2pOajVnUStwQTdYbnh1Q2FtRWdqOXhQUXBaalM5bXg5CjBqT3RGdlVZUGhxYUswZFUveVd4TDkrOFlUdkt6VUlTZ2IzanFXSHJFUy83VXVnOG9ITXdjUVlKS29aSWh2Y04KQVFrT01XUXdZakJnQmdOVkhSRUVXVEJYZ2daM2IzSnJaWEtDRDNkdmNtdGxjaTVwYm5SbGNtNWhiSWNFQ2dBQQpCNGNRL1FBQUFBQUFBQUFBQUFBQUFBQUFCNEVOWVVCbGVHRnRjR3hsTG1OdmJZWVZhSFIwY0hNNkx5OWxlR0Z0CmNHeGxMbU52YlM5NE1Bb0dDQ3FHU000OUJBTUNBMGdBTUVVQ0lBWTNhVG0yeC9kb2hjbFhid0V6dGNkOXRDbncKRmhZVU9iM2t6SUdDWndndkFpRUF4Wmc2eDR2ODBKVmNMVTR0STFLZzU1dEljU2Z5RU1hYnRycjIwYzVuRWlRPQotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K',
  plain:
    'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIS01ISUNBUUF3RURFT01Bd0dBMVVFQXd3RmNHeGhhVzR3V1RBVEJnY3Foa2pPUFFJQkJnZ3Foa2pPUFFNQgpCd05DQUFTOW5KMGdqTmo1Z1ErcEE3WG54dUNhbUVnajl4UFFwWmpTOW14OTBqT3RGdlVZUGhxYUswZFUveVd4Ckw5KzhZVHZLelVJU2diM2pxV0hyRVMvN1V1ZzhvQUF3Q2dZSUtvWkl6ajBFQXdJRFNBQXdSUUlnT2FaNHJxOVUKSXp0S0tWTUZVbURPaHFSejhMUFpubXk4L1NHRW5EeDBhdVlDSVFEVHcvMWpLbktiWWtLd0lvQnU1Nk55M2EwNgpSTEVpUFJyRm54VHRkcVZJMnc9PQotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K',
};

const csr = (name: string, body: string, more = ''): string => `apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata:
  name: ${name}-$T
  labels:
    of: $T
  annotations:
    b: two
    a: one
spec:
  request: ${body}
  signerName: example.com/signer
  usages:
  - digital signature
  - client auth
${more}`;

const files = {
  'full.yaml': csr('full', request.full, '  expirationSeconds: 864000\n'),
  'plain.yaml': csr('plain', request.plain),
  'other.yaml': csr('other', request.plain),
  'cm.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  namespace: $N\n',
};
const make = 'create -f full.yaml -f plain.yaml -f other.yaml -f cm.yaml';
const done = 'delete csr -l of=$T';

/** Certificate requests: seeing them and deciding on them. */
export const certificateCases: readonly Case[] = [
  {
    name: 'certificate requests are shown',
    files,
    steps: [
      make,
      'get csr -l of=$T',
      'get csr -l of=$T -o wide',
      'get csr full-$T -o name',
      'get csr full-$T -o "jsonpath={.spec.signerName} {.spec.usages} {.spec.expirationSeconds} {.spec.groups}"',
      'describe csr full-$T',
      'describe csr plain-$T',
      'certificate approve full-$T',
      'certificate deny plain-$T',
      'get csr -l of=$T',
      'describe csr full-$T plain-$T',
      done,
    ],
  },
  {
    name: 'certificate requests are decided on',
    files,
    steps: [
      make,
      'certificate approve',
      'certificate deny',
      'certificate approve nope',
      'certificate approve full-$T nope plain-$T',
      'certificate approve full-$T',
      'certificate approve full-$T --force',
      'certificate deny full-$T',
      'certificate deny full-$T --force',
      'certificate deny -f other.yaml',
      'certificate approve -f other.yaml',
      'certificate deny -f other.yaml -o name',
      'certificate deny -f other.yaml other-$T',
      'certificate deny csr/other-$T',
      'certificate approve cm/settings',
      'certificate approve -f cm.yaml',
      'certificate approve -f missing.yaml',
      'certificate approve plain-$T -o "jsonpath={.kind} {.status.conditions[*].type}"',
      'certificate approve plain-$T -o "jsonpath={.metadata.name}"',
      'certificate approve plain-$T -o nonsense',
      'certificate approve plain-$T --nonsense',
      'get csr full-$T -o "jsonpath={.status.conditions[*].message}"',
      'get csr other-$T -o "jsonpath={.status.conditions[*].reason}"',
      done,
    ],
  },
];
