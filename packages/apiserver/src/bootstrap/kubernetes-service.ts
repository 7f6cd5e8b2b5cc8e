import { endpoints } from '@coracle/api/core/v1/endpoints';
import { service } from '@coracle/api/core/v1/service';
import { endpointSlice } from '@coracle/api/discovery/v1/endpointslice';
import type { Kind, KubeObject } from '@coracle/api/kind';
import { deepEqual } from '@coracle/api/meta/object';
import { isAlreadyExists, isNotFound } from '@coracle/api/meta/status';
import type { Endpoints, Service } from '@coracle/api/types/core/v1';
import type { EndpointSlice } from '@coracle/api/types/discovery/v1';
import type { ObjectAccess } from '../registry/access.ts';

/** Where clients reach this API server, and the Service in front of it. */
export interface KubernetesServiceOptions {
  /** The first address of the Service range. */
  clusterIp: string;
  /** What other machines reach this server by (`--advertise-address`). */
  address: string;
  /** `--secure-port`. */
  port: number;
}

const name = 'kubernetes';
const namespace = 'default';

/**
 * Makes the Service `default/kubernetes`, its Endpoints and its EndpointSlice say that this server answers. Safe to repeat. They name
 * this one server: servers of a control plane with several take turns only once they share leases.
 */
export async function ensureKubernetesService(objects: ObjectAccess, options: KubernetesServiceOptions): Promise<void> {
  await ensure(objects, service, serviceOf(options), (it) => [it.spec.clusterIP, it.spec.ports]);
  // A loopback address (no other was found) leads nowhere from a pod: the Service then has no endpoints.
  if (isLoopback(options.address)) return;
  await ensure(objects, endpoints, endpointsOf(options), (it) => it.subsets);
  await ensure(objects, endpointSlice, sliceOf(options), (it) => [it.endpoints, it.ports]);
}

export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** Takes this server out of the Service, before it ends. */
export async function withdrawKubernetesService(objects: ObjectAccess): Promise<void> {
  for (const [kind, empty] of [
    [endpoints, (it: Endpoints) => ({ ...it, subsets: [] })],
    [endpointSlice, (it: EndpointSlice) => ({ ...it, endpoints: [] })],
  ] as [Kind, (it: KubeObject) => KubeObject][]) {
    try {
      await objects.update(kind, name, namespace, empty);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

/** Creates an object, or brings what `owned` picks of it to what is wanted. */
async function ensure<T extends KubeObject>(
  objects: ObjectAccess,
  kind: Kind<T>,
  wanted: T,
  owned: (it: T) => unknown,
): Promise<void> {
  const current = objects.cached(kind, name, namespace);
  if (current && deepEqual(owned(current), owned(wanted))) return;
  if (!current) {
    try {
      await objects.create(kind, wanted);
      return;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error; // another server was quicker
    }
  }
  await objects.update(kind, name, namespace, (it) => {
    if (deepEqual(owned(it), owned(wanted))) return undefined;
    const { metadata: _, apiVersion: _version, kind: _kind, ...content } = wanted;
    return { ...it, ...content };
  });
}

function serviceOf({ clusterIp, port }: KubernetesServiceOptions): Service {
  return {
    metadata: { name, namespace, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      type: 'ClusterIP',
      clusterIP: clusterIp,
      clusterIPs: [clusterIp],
      ipFamilies: [clusterIp.includes(':') ? 'IPv6' : 'IPv4'],
      ipFamilyPolicy: 'SingleStack',
      sessionAffinity: 'None',
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }],
    },
  };
}

function endpointsOf({ address, port }: KubernetesServiceOptions): Endpoints {
  return {
    metadata: { name, namespace, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: address }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
  };
}

function sliceOf({ address, port }: KubernetesServiceOptions): EndpointSlice {
  return {
    metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: address.includes(':') ? 'IPv6' : 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  };
}
