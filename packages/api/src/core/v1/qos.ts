import type { PodQOSClass, PodSpec } from '../../generated/core/v1.ts';
import { Quantity } from '../../meta/quantity.ts';

const counted = ['cpu', 'memory'];

/**
 * The quality-of-service class of a pod: Guaranteed when every container limits cpu and memory and requests just that, BestEffort
 * when none requests or limits either, Burstable otherwise. Pod-level resources decide where they are set (KEP-2837).
 */
export function qosClass(spec: PodSpec): PodQOSClass {
  const podLevel =
    spec.resources && (spec.resources.requests || spec.resources.limits) ? [{ resources: spec.resources }] : undefined;
  const holders = podLevel ?? [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  let any = false;
  let guaranteed = true;
  for (const { resources } of holders) {
    const requests = positive(resources?.requests);
    const limits = positive(resources?.limits);
    if (requests.size > 0 || limits.size > 0) any = true;
    for (const name of counted) {
      const limit = limits.get(name);
      const request = requests.get(name) ?? limit;
      if (!limit || !request || !limit.equals(request)) guaranteed = false;
    }
  }
  if (!any) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

function positive(list: Record<string, string> | undefined): Map<string, Quantity> {
  const amounts = new Map<string, Quantity>();
  for (const name of counted) {
    const text = list?.[name];
    if (text === undefined) continue;
    const amount = Quantity.parse(text);
    if (!amount.isZero()) amounts.set(name, amount);
  }
  return amounts;
}
