import type { Service } from '@coracle/api/types/core/v1';
import type { Family } from './family.ts';
import { ofFamily } from './family.ts';

/** One port of a Service as one address family sees it. */
export interface ServicePort {
  namespace: string;
  name: string;
  /** The name of the port; empty when the Service has only one, unnamed. */
  portName: string;
  /** Lower case: `tcp`, `udp`, `sctp`. */
  protocol: string;
  clusterIP: string;
  port: number;
  /** 0 when there is none. */
  nodePort: number;
  externalIPs: readonly string[];
  loadBalancerIPs: readonly string[];
  /** CIDRs that may use the load balancer addresses; empty: all. */
  sourceRanges: readonly string[];
  /** Seconds a client stays with its endpoint; 0 without session affinity. */
  affinitySeconds: number;
  /** Traffic from outside (inside) the cluster goes to endpoints of this node only. */
  externalLocal: boolean;
  internalLocal: boolean;
  /** The port where load balancers ask whether this node has endpoints; 0 when there is none. */
  healthCheckNodePort: number;
}

const defaultAffinitySeconds = 10_800;

/** The ports of a Service that are to be proxied for a family; none for headless and ExternalName Services. */
export function servicePorts(service: Service, family: Family): ServicePort[] {
  const { spec } = service;
  if (!spec || spec.type === 'ExternalName' || !spec.clusterIP || spec.clusterIP === 'None') return [];
  const [clusterIP] = ofFamily(spec.clusterIPs?.length ? spec.clusterIPs : [spec.clusterIP], family);
  if (clusterIP === undefined) return [];
  const type = spec.type ?? 'ClusterIP';
  const external = type === 'NodePort' || type === 'LoadBalancer' || (spec.externalIPs?.length ?? 0) > 0;
  const externalLocal = external && spec.externalTrafficPolicy === 'Local';
  const ingress = type === 'LoadBalancer' ? (service.status?.loadBalancer?.ingress ?? []) : [];
  const loadBalancerIPs = ingress.filter((each) => each.ip && each.ipMode !== 'Proxy').map((each) => each.ip!);
  const affine = spec.sessionAffinity === 'ClientIP';
  return (spec.ports ?? []).map((port) => ({
    namespace: service.metadata.namespace ?? 'default',
    name: service.metadata.name!,
    portName: port.name ?? '',
    protocol: (port.protocol ?? 'TCP').toLowerCase(),
    clusterIP,
    port: port.port,
    nodePort: type === 'NodePort' || type === 'LoadBalancer' ? (port.nodePort ?? 0) : 0,
    externalIPs: ofFamily(spec.externalIPs, family),
    loadBalancerIPs: ofFamily(loadBalancerIPs, family),
    sourceRanges: ofFamily(
      spec.loadBalancerSourceRanges?.map((each) => each.trim()),
      family,
    ),
    affinitySeconds: affine ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds) : 0,
    externalLocal,
    internalLocal: spec.internalTrafficPolicy === 'Local',
    healthCheckNodePort: type === 'LoadBalancer' && externalLocal ? (spec.healthCheckNodePort ?? 0) : 0,
  }));
}

/** Whether the port is reached by other addresses than its cluster IP. */
export function isExternal(port: ServicePort): boolean {
  return port.nodePort !== 0 || port.externalIPs.length > 0 || port.loadBalancerIPs.length > 0;
}
