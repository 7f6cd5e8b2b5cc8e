import { isIP } from 'node:net';
import { type FieldError, invalid, Path, required } from '@coracle/api/meta/field-path';
import type { Service, ServiceSpec } from '@coracle/api/types/core/v1';

export type Family = 'IPv4' | 'IPv6';

const policyPath = new Path('spec.ipFamilyPolicy');
const familiesPath = new Path('spec.ipFamilies');

/** Whether a service has an address of its own in the cluster. */
export function needsClusterIp({ spec }: Service): boolean {
  return spec.type !== 'ExternalName' && spec.clusterIP !== 'None' && spec.clusterIPs?.[0] !== 'None';
}

export function isHeadless({ spec }: Service): boolean {
  return spec.clusterIP === 'None' || spec.clusterIPs?.[0] === 'None';
}

/** Whether nodes open ports for a service. */
export function needsNodePorts({ spec }: Service): boolean {
  if (spec.type === 'NodePort') return true;
  return spec.type === 'LoadBalancer' && (spec.allocateLoadBalancerNodePorts ?? true);
}

/**
 * Fills in the address families of a service and their policy, from what the client wrote, the addresses it wished for, and the
 * families the cluster has (`available`, the default one first). Returns what is wrong.
 * Follows https://kubernetes.io/docs/concepts/services-networking/dual-stack/#services.
 */
export function settleFamilies(service: Service, available: readonly Family[]): FieldError[] {
  const { spec } = service;
  if (spec.type === 'ExternalName') {
    delete spec.ipFamilies;
    delete spec.ipFamilyPolicy;
    return [];
  }
  const wished = (spec.clusterIPs ?? []).filter((address) => isIP(address) > 0).map(familyOf);
  const families: Family[] = [...((spec.ipFamilies as Family[] | undefined) ?? [])];
  for (const [i, family] of wished.entries()) families[i] ??= family;
  // Endpoints of a service that selects nothing are anybody's: they may be of any family.
  const anybodys = isHeadless(service) && Object.keys(spec.selector ?? {}).length === 0;
  const several = families.length > 1 || (spec.clusterIPs?.length ?? 0) > 1;
  const fallback = anybodys || several ? 'RequireDualStack' : 'SingleStack';
  if (several && spec.ipFamilyPolicy === 'SingleStack') {
    const plural = families.length > 1 ? '`ipFamilies`' : '`clusterIPs`';
    return [required(policyPath, `must be RequireDualStack or PreferDualStack when multiple ${plural} are specified`)];
  }
  spec.ipFamilyPolicy ??= fallback;
  const errors = anybodys ? [] : unavailable(spec, families, available);
  families[0] ??= available[0] ?? 'IPv4';
  const second: Family = families[0] === 'IPv4' ? 'IPv6' : 'IPv4';
  const wantsBoth =
    spec.ipFamilyPolicy !== 'SingleStack' &&
    (available.length > 1 || (anybodys && spec.ipFamilyPolicy === 'RequireDualStack'));
  if (families.length === 1 && wantsBoth) families.push(second);
  spec.ipFamilies = families;
  return errors;
}

function unavailable(spec: ServiceSpec, families: readonly Family[], available: readonly Family[]): FieldError[] {
  const errors = families.flatMap((family, i) =>
    available.includes(family) ? [] : [invalid(familiesPath.index(i), family, 'not configured on this cluster')],
  );
  if (spec.ipFamilyPolicy === 'RequireDualStack' && available.length < 2) {
    errors.push(invalid(policyPath, spec.ipFamilyPolicy, 'this cluster is not configured for dual-stack services'));
  }
  return errors;
}

export function familyOf(address: string): Family {
  return isIP(address) === 4 ? 'IPv4' : 'IPv6';
}
