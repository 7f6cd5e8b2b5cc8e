import type { Pod, ServiceAccount } from '@coracle/api/types/core/v1';

/**
 * The first reason why a pod may not use the secrets it names, where its service account lists those it may
 * (annotation `kubernetes.io/enforce-mountable-secrets: "true"`); undefined when there is none.
 */
export function secretNotAllowed(pod: Pod, account: ServiceAccount): string | undefined {
  if (account.metadata.annotations?.['kubernetes.io/enforce-mountable-secrets'] !== 'true') return undefined;
  const mountable = new Set((account.secrets ?? []).map((each) => each.name));
  const because = `is not allowed because service account ${account.metadata.name} does not reference that`;
  for (const { secret } of pod.spec.volumes ?? []) {
    if (secret && !mountable.has(secret.secretName)) {
      return `volume with secret.secretName="${secret.secretName}" ${because} secret`;
    }
  }
  const lists = [
    ['init container', pod.spec.initContainers ?? []],
    ['container', pod.spec.containers],
  ] as const;
  for (const [what, containers] of lists) {
    for (const { name, env = [], envFrom = [] } of containers) {
      for (const variable of env) {
        const ref = variable.valueFrom?.secretKeyRef;
        if (!ref || mountable.has(ref.name)) continue;
        return `${what} ${name} with envVar ${variable.name} referencing secret.secretName="${ref.name}" ${because} secret`;
      }
      for (const { secretRef } of envFrom) {
        if (!secretRef || mountable.has(secretRef.name)) continue;
        return `${what} ${name} with envFrom referencing secret.secretName="${secretRef.name}" ${because} secret`;
      }
    }
  }
  const pullable = new Set((account.imagePullSecrets ?? []).map((each) => each.name));
  for (const [i, { name }] of (pod.spec.imagePullSecrets ?? []).entries()) {
    if (!pullable.has(name)) return `imagePullSecrets[${i}].name="${name}" ${because} imagePullSecret`;
  }
  return undefined;
}
