import { generateName } from '@coracle/api/meta/names';
import type { Container, PodSpec, Volume } from '@coracle/api/types/core/v1';
import { warnOnlyExpiration } from '../chain/authentication/service-account/claims.ts';

/** Where programs in containers look for their token. */
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const volumePrefix = 'kube-api-access-';

/**
 * Mounts a token, the cluster's CA and the namespace's name into every container that mounts nothing there itself, from a projected
 * volume `kube-api-access-xxxxx` that is added when a container needs it.
 */
export function mountTokenVolume(spec: PodSpec): void {
  // Admission comes before validation: a volume may have no name yet, and a pod no containers.
  const names = new Set((spec.volumes ?? []).map(({ name = '' }) => name));
  const existing = [...names].find((name) => name.startsWith(volumePrefix));
  const name = existing ?? freshName(names);
  let needed = false;
  const mount = (container: Container) => {
    if (container.volumeMounts?.some((each) => each.mountPath === mountPath)) return;
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }];
    needed = true;
  };
  for (const container of spec.initContainers ?? []) mount(container);
  for (const container of spec.containers ?? []) mount(container);
  if (needed && !existing) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
}

function freshName(taken: ReadonlySet<string>): string {
  let name = generateName(volumePrefix);
  while (taken.has(name)) name = generateName(volumePrefix);
  return name;
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: warnOnlyExpiration, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
      defaultMode: 0o644,
    },
  };
}
