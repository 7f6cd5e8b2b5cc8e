import { resourceQuota } from '@coracle/api/core/v1/resourcequota';
import { evaluatorOf, isUncounted } from '@coracle/api/quota/evaluators';
import { resourceKey } from '../../registry/strategy.ts';
import type { AdmissionPlugin } from '../plugin.ts';
import type { LimitedResource } from './configuration.ts';
import { demandOf } from './demand.ts';
import { Ledger } from './ledger.ts';

/**
 * ResourceQuota: charges what a write uses to the quotas of its namespace, and refuses what they have no room for
 * (https://kubernetes.io/docs/concepts/policy/resource-quotas/). To run last: what others refuse is not to be charged.
 * `limits`: what may only be used where a quota bounds it.
 */
export function resourceQuotas(limits: readonly LimitedResource[] = []): AdmissionPlugin {
  const ledger = new Ledger(limits);
  return {
    name: 'ResourceQuota',
    async validate(attributes) {
      const { kind, namespace, operation, subresource, objects } = attributes;
      if ((operation !== 'CREATE' && operation !== 'UPDATE') || !kind.namespaced) return;
      // What is never stored takes nothing.
      if (!kind.verbs.includes('get') || isUncounted(resourceKey(kind))) return;
      const evaluator = evaluatorOf(resourceKey(kind));
      if (!evaluator.charges(operation, subresource)) return;
      const quotas = objects.cachedList(resourceQuota, namespace);
      if (quotas.length === 0 && limits.length === 0) return;
      await ledger.charge(demandOf(attributes, evaluator, Date.now()), quotas);
    },
  };
}
