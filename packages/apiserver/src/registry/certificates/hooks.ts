import { requestBlock, validateApproval } from '@coracle/api/certificates/v1/request-validation';
import { type FieldError, invalid, Path } from '@coracle/api/meta/field-path';
import { now } from '@coracle/api/meta/time';
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '@coracle/api/types/certificates/v1';
import { shown } from '../reviews/authentication-reviews.ts';
import type { ResourceHooks, Subresource } from '../strategy.ts';

type Conditions = readonly CertificateSigningRequestCondition[];

const decisions = ['Approved', 'Denied'];

/** Who asks is recorded by the server; decisions are made through `approval` alone, certificates issued through `status` alone. */
export const certificateRequestHooks: ResourceHooks<CertificateSigningRequest> = {
  beforeCreate(it, { user }) {
    const { username: _name, uid: _uid, groups: _groups, extra: _extra, ...wish } = it.spec;
    it.spec = { ...wish, ...shown(user) };
    return undefined;
  },
  beforeUpdate(it, old, { subresource }) {
    if (subresource !== 'status') return undefined;
    if (!it.status?.conditions) return undefined;
    const before = old.status?.conditions ?? [];
    const kept = decisions.reduce((conditions, type) => withOld(conditions, before, type), it.status.conditions);
    it.status.conditions = stamped(kept, before);
    return undefined;
  },
  beforehand: (it, old) => (old ? [] : requestErrors(it)),
  views: {
    approval: {
      prepare(it, old) {
        const conditions = stamped(it.status?.conditions ?? [], old.status?.conditions ?? []);
        return { ...old, metadata: it.metadata, status: { ...old.status, conditions } };
      },
      validate: validateApproval,
    },
  },
};

/** Errors of a request that cannot be read, or that was not signed with the key it asks a certificate for. */
async function requestErrors({ spec }: CertificateSigningRequest): Promise<FieldError[]> {
  const block = requestBlock(Buffer.from(spec?.request ?? '', 'base64').toString('latin1'));
  if (!block) return []; // the kind's own validation says so
  const { signatureProblem } = await import('@coracle/process/pki'); // few servers ever need it: not at start
  const problem = await signatureProblem(block.pem).catch((error: Error) => error.message);
  return problem === undefined ? [] : [invalid(new Path('spec.request'), spec.request, problem)];
}

/** Conditions in which those of a type are as they were, where they are as many. */
function withOld(conditions: Conditions, before: Conditions, type: string): CertificateSigningRequestCondition[] {
  const old = before.filter((each) => each.type === type);
  if (conditions.filter((each) => each.type === type).length !== old.length) return [...conditions];
  return conditions.map((each) => (each.type === type ? old.shift()! : each));
}

export const certificateApproval: Subresource = {
  methods: ['GET', 'PUT', 'PATCH'],
  body: { group: 'certificates.k8s.io', version: 'v1', kind: 'CertificateSigningRequest' },
};

/** Conditions with the times their author left out. */
function stamped(conditions: Conditions, before: Conditions): CertificateSigningRequestCondition[] {
  const time = now();
  const former = new Map(before.map((condition) => [condition.type, condition]));
  return conditions.map((condition) => {
    const known = former.get(condition.type);
    const since = known?.status === condition.status ? known?.lastTransitionTime : undefined;
    return {
      ...condition,
      lastUpdateTime: condition.lastUpdateTime ?? time,
      lastTransitionTime: condition.lastTransitionTime ?? since ?? time,
    };
  });
}
