import type { Pod } from '@coracle/api/types/core/v1';
import type { ResourceHooks } from '../strategy.ts';
import { bindingView } from './binding.ts';
import { ephemeralContainersView, resizeView } from './spec-parts.ts';

/** What the server keeps straight in pods: the class its resources give it, and the fields that say one thing twice. */
export const podHooks: ResourceHooks<Pod> = {
  beforeUpdate(pod, old, { subresource }) {
    if (subresource !== 'status' || !pod.status) return undefined;
    const { status } = pod;
    if (old.status?.qosClass) status.qosClass = old.status.qosClass;
    const pods = aligned(status.podIP, status.podIPs, old.status?.podIP);
    status.podIP = pods.one;
    status.podIPs = pods.all;
    const hosts = aligned(status.hostIP, status.hostIPs, old.status?.hostIP);
    status.hostIP = hosts.one;
    status.hostIPs = hosts.all;
    for (const field of ['podIP', 'podIPs', 'hostIP', 'hostIPs'] as const)
      if (status[field] === undefined) delete status[field];
    return undefined;
  },
  views: { binding: bindingView, ephemeralcontainers: ephemeralContainersView, resize: resizeView },
};

/** The first address of a list and the list, where the client may have written only one of them, or changed only the first. */
function aligned(one: string | undefined, all: { ip: string }[] | undefined, before: string | undefined) {
  if (!one && !all?.length) return { one: undefined, all: undefined };
  if (!all?.length) return { one, all: [{ ip: one ?? '' }] };
  const [first] = all;
  if (!one || one === first?.ip) return { one: first?.ip, all };
  return one === before ? { one: first?.ip, all } : { one, all: [{ ip: one }] };
}
