import { readBool } from '@coracle/api/meta/parse-bool';
import type { Container, Pod, ServiceAccount } from '@coracle/api/types/core/v1';

/**
 * The first reason why a pod may not use the secrets it names, where its service account lists those it may
 * (annotation `kubernetes.io/enforce-mountable-secrets: "true"`); undefined when there is none. `subresource`: what is written of the pod,
 * all or its `ephemeralcontainers`, which alone are looked at then.
 */
export function secretNotAllowed({ spec }: Pod, account: ServiceAccount, subresource = ''): string | undefined {
  if (!readBool(account.metadata.annotations?.['kubernetes.io/enforce-mountable-secrets'] ?? '')) return undefined;
  const mountable = new Set((account.secrets ?? []).map((each) => each.name));
  const because = `is not allowed because service account ${account.metadata.name} does not reference that`;
  if (subresource !== '') {
    return containerNotAllowed([['ephemeral container', spec.ephemeralContainers ?? []]], mountable, because);
  }
  for (const { secret } of spec.volumes ?? []) {
    if (secret && !mountable.has(secret.secretName)) {
      return `volume with secret.secretName="${secret.secretName}" ${because} secret`;
    }
  }
  const lists = [
    ['init container', spec.initContainers ?? []],
    ['container', spec.containers ?? []],
  ] as const;
  const reason = containerNotAllowed(lists, mountable, because);
  if (reason !== undefined) return reason;
  const pullable = new Set((account.imagePullSecrets ?? []).map((each) => each.name));
  for (const [i, { name }] of (spec.imagePullSecrets ?? []).entries()) {
    if (!pullable.has(name)) return `imagePullSecrets[${i}].name="${name}" ${because} imagePullSecret`;
  }
  return undefined;
}

type Containers = readonly Pick<Container, 'name' | 'env' | 'envFrom'>[];

/** The same, of what containers have in their environment. */
function containerNotAllowed(
  lists: readonly (readonly [noun: string, containers: Containers])[],
  mountable: ReadonlySet<string | undefined>,
  because: string,
): string | undefined {
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
  return undefined;
}
