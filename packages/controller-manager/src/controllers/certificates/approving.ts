import { subjectAccessReview } from '@coracle/api/authorization/v1/subjectaccessreview';
import { certificateSigningRequest } from '@coracle/api/certificates/v1/certificatesigningrequest';
import type { SubjectAccessReview } from '@coracle/api/types/authorization/v1';
import type { CertificateSigningRequest } from '@coracle/api/types/certificates/v1';
import type { RequestFacts } from '@coracle/process/pki/request';
import { defineController, NotYet, own, type Scope } from '../../controller.ts';
import { approve, isDecided, requestPem } from './conditions.ts';
import { kubeletClientObjection, signers } from './recognition.ts';

/** Who may have what approved without a person: a subresource stands for each case. */
const cases = [
  {
    subresource: 'selfnodeclient',
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
    fits: (it: CertificateSigningRequest, facts: RequestFacts) => it.spec.username === facts.commonName,
  },
  {
    subresource: 'nodeclient',
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
    fits: () => true,
  },
];

/** Approves kubelets' requests for client certificates, where RBAC lets the requestor have them so. */
export const csrApprovingController = defineController({
  name: 'certificatesigningrequest-approving-controller',
  aliases: ['csrapproving'],
  serviceAccount: 'certificate-controller',
  watches: [own(certificateSigningRequest)],

  async reconcile(key, scope) {
    const it = scope.listers.get(certificateSigningRequest, key);
    if (!it || it.status?.certificate || isDecided(it) || it.spec.signerName !== signers.kubeletClient) return;
    const { parseRequest } = await import('@coracle/process/pki/request');
    const facts = parseRequest(requestPem(it));
    if (kubeletClientObjection(it.spec, facts)) return;
    const tried: string[] = [];
    for (const { subresource, message, fits } of cases) {
      if (!fits(it, facts)) continue;
      tried.push(subresource);
      if (!(await mayHave(it, subresource, scope))) continue;
      await approve(scope.client, it, message);
      return;
    }
    // The binding that allows it may come later: no event of the request would tell.
    throw new NotYet(
      `recognized csr ${JSON.stringify(key)} as [${tried.join(' ')}] but subject access review was not approved`,
    );
  },
});

async function mayHave({ spec }: CertificateSigningRequest, subresource: string, { client }: Scope): Promise<boolean> {
  const review: SubjectAccessReview = {
    metadata: {},
    spec: {
      user: spec.username,
      uid: spec.uid,
      groups: spec.groups,
      extra: spec.extra,
      resourceAttributes: {
        group: 'certificates.k8s.io',
        resource: 'certificatesigningrequests',
        verb: 'create',
        version: '*',
        subresource,
      },
    },
  };
  return (await client.create(subjectAccessReview, review)).status?.allowed === true;
}
