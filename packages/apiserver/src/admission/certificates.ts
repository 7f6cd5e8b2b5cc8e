import { messageOf } from '@coracle/api/meta/message-of';
import { deepEqual } from '@coracle/api/meta/object';
import type { CertificateSigningRequest } from '@coracle/api/types/certificates/v1';
import type { Authorizer } from '../chain/authorization/authorizer.ts';
import { mastersGroup } from '../chain/user.ts';
import type { AdmissionPlugin, Attributes } from './plugin.ts';
import { refused } from './refusal.ts';

const group = 'certificates.k8s.io';

/** CertificateApproval: only who may `approve` for a signer approves or denies requests to it. */
export function certificateApproval(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: 'CertificateApproval',
    async validate(attributes) {
      if (!isRequest(attributes, 'UPDATE', 'approval')) return;
      const { signerName } = (attributes.oldObject as CertificateSigningRequest).spec;
      if (await mayUse(authorizer, attributes, 'approve', signerName)) return;
      throw refused(attributes, `user not permitted to approve requests with signerName ${JSON.stringify(signerName)}`);
    },
  };
}

/** CertificateSigning: only who may `sign` for a signer issues certificates or sets conditions of requests in its name. */
export function certificateSigning(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: 'CertificateSigning',
    async validate(attributes) {
      if (!isRequest(attributes, 'UPDATE', 'status')) return;
      const old = attributes.oldObject as CertificateSigningRequest;
      const now = attributes.object as CertificateSigningRequest;
      const signs =
        (old.status?.certificate ?? '') !== (now.status?.certificate ?? '') ||
        !deepEqual(old.status?.conditions ?? [], now.status?.conditions ?? []);
      if (!signs || (await mayUse(authorizer, attributes, 'sign', old.spec.signerName))) return;
      throw refused(
        attributes,
        `user not permitted to sign requests with signerName ${JSON.stringify(old.spec.signerName)}`,
      );
    },
  };
}

/** CertificateSubjectRestriction: no certificate of the API's own signer makes its holder a `system:masters`. */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  async validate(attributes) {
    if (!isRequest(attributes, 'CREATE', '')) return;
    const { spec } = attributes.object as CertificateSigningRequest;
    if (spec.signerName !== 'kubernetes.io/kube-apiserver-client') return;
    if ((await organizationsIn(attributes, spec.request)).includes(mastersGroup)) {
      throw refused(
        attributes,
        `use of kubernetes.io/kube-apiserver-client signer with ${mastersGroup} group is not allowed`,
      );
    }
  },
};

async function organizationsIn(attributes: Attributes, request: string): Promise<string[]> {
  const { parseRequest } = await import('@coracle/process/pki'); // few servers ever need it: not at start
  try {
    return parseRequest(Buffer.from(request, 'base64').toString('latin1')).organizations;
  } catch (error) {
    throw refused(attributes, `failed to parse CSR: ${messageOf(error)}`);
  }
}

function isRequest(attributes: Attributes, operation: string, subresource: string): boolean {
  return (
    attributes.group === group &&
    attributes.resource === 'certificatesigningrequests' &&
    attributes.operation === operation &&
    attributes.subresource === subresource
  );
}

/** Whether the user may use the verb on the signer itself, or on all signers of its domain. */
async function mayUse(authorizer: Authorizer, { user }: Attributes, verb: string, signer: string): Promise<boolean> {
  const [domain] = signer.split('/');
  for (const name of [signer, `${domain}/*`]) {
    const what = { group, version: '*', resource: 'signers', subresource: '', namespace: '', name };
    if ((await authorizer.authorize({ user, verb, ...what })).decision === 'allow') return true;
  }
  return false;
}
