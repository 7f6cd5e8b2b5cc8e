import type { Quantity } from '@coracle/api/meta/quantity';
import { addResources, maxResources, parseResources } from '@coracle/api/meta/resources';
import type { Pod } from '@coracle/api/types/core/v1';

/** Amounts by resource name. */
export type Sums = Map<string, Quantity>;

/** What a pod asks for: its containers together, or more where an init container needs it (KEP-753 for sidecars). */
export const requestsOf = (pod: Pod): Sums => amountsOf(pod, 'requests');

export const limitsOf = (pod: Pod): Sums => amountsOf(pod, 'limits');

function amountsOf({ spec }: Pod, which: 'requests' | 'limits'): Sums {
  const total: Sums = new Map();
  for (const container of spec.containers) addResources(total, parseResources(container.resources?.[which]));
  const sidecars: Sums = new Map();
  const peak: Sums = new Map();
  for (const container of spec.initContainers ?? []) {
    const own = parseResources(container.resources?.[which]);
    if (container.restartPolicy === 'Always') {
      addResources(total, own);
      addResources(sidecars, own);
      maxResources(peak, sidecars);
    } else maxResources(peak, addResources(new Map(sidecars), own));
  }
  maxResources(total, peak);
  const overhead = parseResources(spec.overhead);
  for (const [name, amount] of overhead) {
    const current = total.get(name);
    if (which === 'requests' || current) total.set(name, current ? current.add(amount) : amount);
  }
  return total;
}

export function totalOf(sums: readonly Sums[]): Sums {
  return sums.reduce((total, each) => addResources(total, each), new Map() as Sums);
}
