import { validateRequestUpdate } from '@coracle/api/certificates/v1/request-validation';
import { invalid, Path } from '@coracle/api/meta/field-path';
import { invalidObject } from '@coracle/api/meta/status';
import { now } from '@coracle/api/meta/time';
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '@coracle/api/types/certificates/v1';
import { shown } from '../reviews/authentication-reviews.ts';
import type { ResourceHooks, Subresource } from '../strategy.ts';

type Conditions = readonly CertificateSigningRequestCondition[];

const isDecision = ({ type }: CertificateSigningRequestCondition) => type === 'Approved' || type === 'Denied';

/** Who asks is recorded by the server; decisions are made through `approval` alone, certificates issued through `status` alone. */
export const certificateRequestHooks: ResourceHooks<CertificateSigningRequest> = {
  async beforeCreate(it, { user }) {
    await checkRequest(it);
    const { username: _name, uid: _uid, groups: _groups, extra: _extra, ...wish } = it.spec;
    it.spec = { ...wish, ...shown(user) };
    return undefined;
  },
  beforeUpdate(it, old, { subresource }) {
    if (subresource !== 'status') return undefined;
    const others = (it.status?.conditions ?? []).filter((condition) => !isDecision(condition));
    const decisions = (old.status?.conditions ?? []).filter(isDecision);
    const conditions = stamped([...decisions, ...others], old.status?.conditions ?? []);
    const { conditions: _given, ...status } = it.status ?? {};
    it.status = { ...status, ...(conditions.length > 0 ? { conditions } : {}) };
    return undefined;
  },
  views: {
    approval: {
      prepare(it, old) {
        const conditions = stamped(it.status?.conditions ?? [], old.status?.conditions ?? []);
        return { ...old, metadata: it.metadata, status: { ...old.status, conditions } };
      },
      validate: validateRequestUpdate,
    },
  },
};

/** Refuses a request that cannot be read, or that was not signed with the key it asks a certificate for. */
async function checkRequest({ metadata, spec }: CertificateSigningRequest): Promise<void> {
  const pem = Buffer.from(spec?.request ?? '', 'base64').toString('latin1');
  if (!pem.includes('-----BEGIN CERTIFICATE REQUEST-----')) return; // the kind's own validation says so
  const { verifyRequest } = await import('@coracle/process/pki'); // few servers ever need it: not at start
  const problem = await verifyRequest(pem).then(
    (signed) => (signed ? undefined : 'x509: the signature does not match the key of the request'),
    (error: Error) => error.message,
  );
  if (problem === undefined) return;
  throw invalidObject({ group: 'certificates.k8s.io', kind: 'CertificateSigningRequest' }, metadata.name ?? '', [
    invalid(new Path('spec.request'), spec.request, problem),
  ]);
}

export const certificateApproval: Subresource = {
  methods: ['GET', 'PUT', 'PATCH'],
  body: { group: 'certificates.k8s.io', version: 'v1', kind: 'CertificateSigningRequest' },
};

/** Conditions with the times their author left out. */
function stamped(conditions: Conditions, before: Conditions): CertificateSigningRequestCondition[] {
  const time = now();
  return conditions.map((condition) => {
    const known = before.find(({ type }) => type === condition.type);
    const since = known?.status === condition.status ? known?.lastTransitionTime : undefined;
    return {
      ...condition,
      lastUpdateTime: condition.lastUpdateTime ?? time,
      lastTransitionTime: condition.lastTransitionTime ?? since ?? time,
    };
  });
}
