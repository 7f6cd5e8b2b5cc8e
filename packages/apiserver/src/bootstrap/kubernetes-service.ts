import { service } from '@coracle/api/core/v1/service';
import type { Service } from '@coracle/api/types/core/v1';
import type { ObjectAccess } from '../registry/access.ts';
import { ensure } from './ensure.ts';

/** The Service in front of the API servers, in every cluster. */
export const kubernetesName = 'kubernetes';
export const kubernetesNamespace = 'default';

/** What the Service `default/kubernetes` says. */
export interface KubernetesServiceOptions {
  /** The first address of the Service range. */
  clusterIp: string;
  /** `--secure-port`. */
  port: number;
  /** `--kubernetes-service-node-port`; 0: it has none. */
  nodePort: number;
}

/** Makes the Service `default/kubernetes`. Safe to repeat. `ports`: also corrects the ports of one that is there. */
export async function ensureKubernetesService(
  objects: ObjectAccess,
  options: KubernetesServiceOptions,
  { ports }: { ports: boolean },
): Promise<void> {
  const wanted = (current: Service | undefined) => {
    const made = serviceOf(options);
    if (!ports && current?.spec.ports?.length)
      Object.assign(made.spec, { type: current.spec.type, ports: current.spec.ports });
    return made;
  };
  await ensure(objects, service, wanted, (it) => [it.spec.type, it.spec.clusterIP, it.spec.ports]);
}

function serviceOf({ clusterIp, port, nodePort }: KubernetesServiceOptions): Service {
  return {
    metadata: {
      name: kubernetesName,
      namespace: kubernetesNamespace,
      labels: { component: 'apiserver', provider: 'kubernetes' },
    },
    spec: {
      type: nodePort > 0 ? 'NodePort' : 'ClusterIP',
      clusterIP: clusterIp,
      clusterIPs: [clusterIp],
      ipFamilies: [clusterIp.includes(':') ? 'IPv6' : 'IPv4'],
      ipFamilyPolicy: 'SingleStack',
      sessionAffinity: 'None',
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port, ...(nodePort > 0 ? { nodePort } : {}) }],
    },
  };
}
