import { deepEqual } from '@coracle/api/meta/object';
import type { Service } from '@coracle/api/types/core/v1';
import { needsClusterIp, needsNodePorts } from './families.ts';

/** A new service that names its address the old way has it in `clusterIPs`, too. */
export function completeAddresses({ spec }: Service): void {
  if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
}

/** Makes `clusterIP` and the first of `clusterIPs` say the same. */
function alignAddresses(service: Service): void {
  completeAddresses(service);
  const { spec } = service;
  if (!spec.clusterIP && spec.clusterIPs?.length) spec.clusterIP = spec.clusterIPs[0];
}

/**
 * Brings what an update's author left out, because the server once filled it in, over from the service as it was; lets a change of
 * one of two fields that say the same change the other; drops what the new type has no use for.
 */
export function carryOver(service: Service, old: Service): void {
  carryAllocated(service, old);
  alignChanged(service, old);
  dropUseless(service, old);
}

function carryAllocated({ spec, ...rest }: Service, old: Service): void {
  const service = { spec, ...rest };
  if (needsClusterIp(old) && needsClusterIp(service)) {
    spec.clusterIP ||= old.spec.clusterIP;
    if (!spec.clusterIPs?.length && spec.clusterIP === old.spec.clusterIP) spec.clusterIPs = old.spec.clusterIPs;
  }
  if (old.spec.type !== 'ExternalName' && spec.type !== 'ExternalName') {
    spec.ipFamilyPolicy ??= old.spec.ipFamilyPolicy;
    if (spec.ipFamilyPolicy === old.spec.ipFamilyPolicy) spec.ipFamilies ??= old.spec.ipFamilies;
  }
  if (needsNodePorts(old) && needsNodePorts(service)) {
    const known = new Map((old.spec.ports ?? []).map((port) => [`${port.protocol}/${port.port}`, port.nodePort]));
    const taken = new Set(
      (spec.ports ?? []).flatMap((port) => (port.nodePort ? [`${port.protocol}/${port.nodePort}`] : [])),
    );
    for (const port of spec.ports ?? []) {
      const before = known.get(`${port.protocol}/${port.port}`);
      if (!port.nodePort && before && !taken.has(`${port.protocol}/${before}`)) port.nodePort = before;
    }
  }
  if (needsHealthCheck(old) && needsHealthCheck(service)) spec.healthCheckNodePort ||= old.spec.healthCheckNodePort;
}

function alignChanged({ spec }: Service, old: Service): void {
  if (spec.clusterIP !== old.spec.clusterIP && deepEqual(spec.clusterIPs, old.spec.clusterIPs)) {
    if (!spec.clusterIP) delete spec.clusterIPs;
    else spec.clusterIPs = [spec.clusterIP, ...(spec.clusterIPs ?? []).slice(1)];
    return;
  }
  if (!spec.clusterIPs?.length && spec.clusterIP === old.spec.clusterIP && old.spec.clusterIPs?.length)
    delete spec.clusterIP;
  alignAddresses({ spec, metadata: {} });
}

function dropUseless(service: Service, old: Service): void {
  const { spec } = service;
  const loses = (needs: (it: Service) => boolean) => needs(old) && !needs(service);
  const isExternalName = spec.type === 'ExternalName';
  if (isExternalName && old.spec.type !== 'ExternalName') {
    if (spec.clusterIP === old.spec.clusterIP) delete spec.clusterIP;
    if (deepEqual(spec.clusterIPs, old.spec.clusterIPs) || spec.clusterIP === undefined) delete spec.clusterIPs;
    delete spec.internalTrafficPolicy;
  }
  if (loses(needsNodePorts) && spec.type !== 'LoadBalancer') {
    const before = new Map((old.spec.ports ?? []).map((port) => [`${port.protocol}/${port.port}`, port.nodePort]));
    for (const port of spec.ports ?? []) {
      if (port.nodePort && port.nodePort === before.get(`${port.protocol}/${port.port}`)) delete port.nodePort;
    }
  }
  if (loses(needsHealthCheck) && spec.healthCheckNodePort === old.spec.healthCheckNodePort)
    delete spec.healthCheckNodePort;
  if (loses(isLoadBalancer)) {
    delete spec.allocateLoadBalancerNodePorts;
    delete spec.loadBalancerClass;
  }
  if (loses(isExternal) && spec.externalTrafficPolicy === old.spec.externalTrafficPolicy)
    delete spec.externalTrafficPolicy;
}

/** Whether load balancers ask nodes for the health of a service's own pods. */
export function needsHealthCheck({ spec }: Service): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}

function isLoadBalancer({ spec }: Service): boolean {
  return spec.type === 'LoadBalancer';
}

function isExternal({ spec }: Service): boolean {
  return spec.type === 'LoadBalancer' || spec.type === 'NodePort' || (spec.externalIPs?.length ?? 0) > 0;
}
