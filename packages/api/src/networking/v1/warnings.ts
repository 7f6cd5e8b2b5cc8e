import type { Ingress, NetworkPolicy } from '../../generated/networking/v1.ts';
import { addressWarnings, rangeWarnings } from '../../meta/address-warnings.ts';
import { append } from '../../meta/append.ts';
import { Path } from '../../meta/field-path.ts';
import { ingressClassAnnotation } from './ingress-validation.ts';
import { rangesOf } from './networkpolicy-validation.ts';

/** Warns of the older way to name a new Ingress's class, and of reported addresses that are not in their one form. */
export function ingressWarnings(
  { metadata, spec, status }: Ingress,
  old: Ingress | undefined,
  subresource: string,
): string[] {
  if (subresource === 'status') {
    return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip = '' }, i) =>
      addressWarnings(ip, `status.loadBalancer.ingress[${i}].ip`),
    );
  }
  const annotated = metadata.annotations?.[ingressClassAnnotation] !== undefined;
  if (old || !annotated || spec.ingressClassName !== undefined) return [];
  return [`annotation "${ingressClassAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`];
}

/** Warns of ranges that are not in their one form. */
export function networkPolicyWarnings(policy: NetworkPolicy): string[] {
  const warnings: string[] = [];
  for (const [at, range] of rangesOf(policy, new Path())) append(warnings, rangeWarnings(range, at.toString()));
  return warnings;
}
