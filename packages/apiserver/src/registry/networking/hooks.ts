import { isIPv6 } from 'node:net';
import { canonicalAddress, canonicalCidr } from '@coracle/api/meta/addresses';
import { Path } from '@coracle/api/meta/field-path';
import { isCidr, isIp } from '@coracle/api/meta/names';
import { ingressClassAnnotation } from '@coracle/api/networking/v1/ingress-validation';
import { rangesOf } from '@coracle/api/networking/v1/networkpolicy-validation';
import type { Ingress, NetworkPolicy } from '@coracle/api/types/networking/v1';
import type { ResourceHooks } from '../strategy.ts';

/** Warns of the older way to name an Ingress's class, and of addresses that are not in their one form. */
export const ingressHooks: ResourceHooks<Ingress> = {
  beforeCreate({ metadata, spec }, { warn }) {
    if (metadata.annotations?.[ingressClassAnnotation] !== undefined && spec.ingressClassName === undefined)
      warn(`annotation "${ingressClassAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`);
    return undefined;
  },
  beforeUpdate({ status }, _old, { subresource, warn }) {
    if (subresource !== 'status') return undefined;
    for (const [i, { ip = '' }] of (status?.loadBalancer?.ingress ?? []).entries()) {
      const canonical = isIp(ip).length === 0 && isIPv6(ip) ? canonicalAddress(ip) : ip;
      if (canonical !== ip)
        warn(
          `status.loadBalancer.ingress[${i}].ip: IPv6 address "${ip}" should be in RFC 5952 canonical format ("${canonical}")`,
        );
    }
    return undefined;
  },
};

/** Warns of ranges that are not in their one form. */
export const networkPolicyHooks: ResourceHooks<NetworkPolicy> = {
  beforeCreate(policy, { warn }) {
    rangeWarnings(policy).forEach(warn);
    return undefined;
  },
  beforeUpdate(policy, _old, { warn }) {
    rangeWarnings(policy).forEach(warn);
    return undefined;
  },
};

function rangeWarnings(policy: NetworkPolicy): string[] {
  return rangesOf(policy, new Path()).flatMap(([at, range]) => {
    if (isCidr(range).length > 0 || !range.includes(':')) return [];
    const canonical = canonicalCidr(range);
    if (canonical === range) return [];
    return [`${at}: IPv6 CIDR value "${range}" should be in RFC 5952 canonical format ("${canonical}")`];
  });
}
