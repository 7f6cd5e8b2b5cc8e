import { claimEvaluator } from './claims.ts';
import { countEvaluator } from './counts.ts';
import type { Evaluator } from './evaluator.ts';
import { podEvaluator } from './pods.ts';
import { resourceClaimEvaluator } from './resource-claims.ts';
import { serviceEvaluator } from './services.ts';

const special: Readonly<Record<string, Evaluator>> = {
  pods: podEvaluator,
  services: serviceEvaluator,
  persistentvolumeclaims: claimEvaluator,
  'resourceclaims.resource.k8s.io': resourceClaimEvaluator,
  // What could be counted before `count/…` was there keeps its bare name.
  configmaps: countEvaluator('count/configmaps', 'configmaps'),
  replicationcontrollers: countEvaluator('count/replicationcontrollers', 'replicationcontrollers'),
  resourcequotas: countEvaluator('count/resourcequotas', 'resourcequotas'),
  secrets: countEvaluator('count/secrets', 'secrets'),
};

/** Events make room for themselves: no quota is about them. `resource` as for `evaluatorOf`. */
export const isUncounted = (resource: string): boolean => resource === 'events' || resource === 'events.events.k8s.io';

/** How the objects of a resource count, named as `pods`, `deployments.apps`; events and what is never stored do not. */
export function evaluatorOf(resource: string): Evaluator {
  return Object.hasOwn(special, resource) ? special[resource]! : countEvaluator(`count/${resource}`);
}
