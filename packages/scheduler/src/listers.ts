import { replicaSet } from '@coracle/api/apps/v1/replicaset';
import { namespace as namespaceKind } from '@coracle/api/core/v1/namespace';
import { node as nodeKind } from '@coracle/api/core/v1/node';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import { service as serviceKind } from '@coracle/api/core/v1/service';
import type { Selector } from '@coracle/api/meta/labels';
import { selectorFrom, selectorFromSet } from '@coracle/api/meta/labels';
import { controllerOf } from '@coracle/api/meta/owner';
import { podDisruptionBudget } from '@coracle/api/policy/v1/poddisruptionbudget';
import type { Namespace, Node, Pod } from '@coracle/api/types/core/v1';
import type { Informer, Informers } from '@coracle/client';
import type { Listers } from './framework/handle.ts';

/** What the scheduler watches. */
export interface Watched {
  pods: Informer<Pod>;
  nodes: Informer<Node>;
  namespaces: Informer<Namespace>;
  listers: Listers;
}

/** Sets up the informers (not started yet) and what plugins read from them. Pods that have ended are not even received. */
export function watched(informers: Informers): Watched {
  const pods = informers.of(podKind, { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' });
  const nodes = informers.of(nodeKind);
  const namespaces = informers.of(namespaceKind);
  const services = informers.of(serviceKind);
  const replicaSets = informers.of(replicaSet);
  const budgets = informers.of(podDisruptionBudget);
  return {
    pods,
    nodes,
    namespaces,
    listers: {
      pod: (namespace, name) => pods.lister.get(`${namespace}/${name}`),
      namespaceLabels: (name) => namespaces.lister.get(name)?.metadata.labels,
      selectorsFor(pod) {
        const found: Selector[] = [];
        const { namespace, labels } = pod.metadata;
        for (const { spec } of services.lister.list(namespace)) {
          if (!spec?.selector || Object.keys(spec.selector).length === 0) continue;
          const selector = selectorFromSet(spec.selector);
          if (selector.matches(labels)) found.push(selector);
        }
        const owner = controllerOf(pod);
        if (owner?.kind !== 'ReplicaSet' || owner.apiVersion !== 'apps/v1') return found;
        const set = replicaSets.lister.get(`${namespace}/${owner.name}`);
        return set && set.metadata.uid === owner.uid ? [...found, selectorFrom(set.spec?.selector)] : found;
      },
      disruptionBudgets: (namespace) => budgets.lister.list(namespace),
    },
  };
}
