import { setTimeout as wait } from 'node:timers/promises';
import { referencesOf } from '@coracle/api/core/v1/pod-references';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import { isMirror } from '@coracle/api/core/v1/static-pods';
import type { Pod, ServiceAccount } from '@coracle/api/types/core/v1';
import { secretNotAllowed } from './mountable-secrets.ts';
import type { AdmissionPlugin, Attributes } from './plugin.ts';
import { isCore, isPodWrite, refused } from './refusal.ts';
import { mountTokenVolume } from './service-account-token-volume.ts';

const defaultName = 'default';

/** The default account of a new namespace is made by a controller: a pod that comes first waits a moment for it. */
const attempts = 10;
const between = 100;

/**
 * ServiceAccount: pods run as an account that exists, with its pull secrets and a token for it
 * (https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#serviceaccount-admission-controller).
 */
export function serviceAccounts(): AdmissionPlugin {
  return {
    name: 'ServiceAccount',
    async mutate(attributes) {
      if (!isPodWrite(attributes, 'CREATE')) return;
      const pod = attributes.object as Pod;
      if (isMirror(pod)) return refuseReferences(attributes, pod);
      pod.spec.serviceAccountName ||= defaultName;
      pod.spec.serviceAccount = pod.spec.serviceAccountName;
      const account = await find(attributes, pod.spec.serviceAccountName);
      const automount = pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
      if (automount) mountTokenVolume(pod.spec);
      if (!pod.spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
        pod.spec.imagePullSecrets = account.imagePullSecrets.map((each) => ({ ...each }));
      }
      refuseSecrets(attributes, account);
    },
    async validate(attributes) {
      const { operation, subresource } = attributes;
      const addsContainers =
        subresource === 'ephemeralcontainers' && operation === 'UPDATE' && isCore(attributes, 'pods');
      if (!addsContainers && !isPodWrite(attributes, 'CREATE')) return;
      const pod = attributes.object as Pod;
      if (!addsContainers && isMirror(pod)) return refuseReferences(attributes, pod);
      if (!pod.spec.serviceAccountName) {
        throw refused(
          attributes,
          `no service account specified for pod ${attributes.namespace}/${pod.metadata.name ?? ''}`,
        );
      }
      refuseSecrets(attributes, await find(attributes, pod.spec.serviceAccountName));
    },
  };
}

function refuseSecrets(attributes: Attributes, account: ServiceAccount): void {
  const reason = secretNotAllowed(attributes.object as Pod, account, attributes.subresource);
  if (reason !== undefined) throw refused(attributes, reason);
}

/** A mirror pod only shows what runs anyway: with secrets in it, a node could make itself entitled to any. Of the rest NodeRestriction sees to it. */
function refuseReferences(attributes: Attributes, pod: Pod): void {
  const kinds = referencesOf(pod).map(({ kind }) => kind);
  if (kinds.includes('serviceaccount')) throw refused(attributes, 'a mirror pod may not reference service accounts');
  if (kinds.includes('secret')) throw refused(attributes, 'a mirror pod may not reference secrets');
  const projectsToken = pod.spec.volumes?.some((each) =>
    each.projected?.sources?.some((source) => source.serviceAccountToken),
  );
  if (projectsToken) throw refused(attributes, 'a mirror pod may not use ServiceAccountToken volume projections');
}

async function find(attributes: Attributes, name: string): Promise<ServiceAccount> {
  const { objects, namespace } = attributes;
  const cached = objects.cached(serviceAccount, name, namespace);
  if (cached) return cached;
  for (let attempt = 1; ; attempt++) {
    const live = await objects.get(serviceAccount, name, namespace);
    if (live) return live;
    if (name !== defaultName || attempt >= attempts) break;
    await wait(between * (1 + Math.random()));
  }
  throw refused(
    attributes,
    `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`,
  );
}
