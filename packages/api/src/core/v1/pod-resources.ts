import type { Container, PodSpec } from '../../generated/core/v1.ts';
import { type Amounts, addResources, maxResources, parseResources } from '../../meta/resources.ts';

/**
 * What a pod as a whole requests (or is limited to): containers run together, init containers one after the other beside the sidecars
 * started before them; amounts at the level of the pod take the place of the sums (KEPs 753, 2837). With requests, and with limits
 * where there are any of the resource, the pod's overhead counts too (KEP 688). `of` is what a container has, by default what its spec says.
 */
export function podResources(
  spec: PodSpec,
  which: 'requests' | 'limits',
  of = (container: Container): Amounts => parseResources(container.resources?.[which]),
): Amounts {
  const total: Amounts = new Map();
  for (const container of spec.containers ?? []) addResources(total, of(container));
  const sidecars: Amounts = new Map();
  const starting: Amounts = new Map();
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      addResources(total, of(container));
      addResources(sidecars, of(container));
      maxResources(starting, sidecars);
    } else maxResources(starting, addResources(of(container), sidecars));
  }
  maxResources(total, starting);
  for (const [name, amount] of parseResources(spec.resources?.[which])) total.set(name, amount);
  for (const [name, amount] of parseResources(spec.overhead)) {
    const known = total.get(name);
    if (which === 'requests' || (known && !known.isZero())) total.set(name, known?.add(amount) ?? amount);
  }
  return total;
}
