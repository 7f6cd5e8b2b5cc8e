import { mutatingAdmissionPolicy } from '@coracle/api/admissionregistration/v1/mutatingadmissionpolicy';
import { mutatingAdmissionPolicyBinding } from '@coracle/api/admissionregistration/v1/mutatingadmissionpolicybinding';
import type { AdmissionPlugin } from '../plugin.ts';
import { followPolicies, isPolicy, type PolicySurroundings } from './policies.ts';

const name = 'MutatingAdmissionPolicy';

/**
 * MutatingAdmissionPolicy: expressions that change objects
 * (https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/). The language is loaded with the first policy in force.
 */
export function mutatingPolicies(around: PolicySurroundings): AdmissionPlugin {
  const policies = followPolicies(around.objects, mutatingAdmissionPolicy, mutatingAdmissionPolicyBinding);
  return {
    name,
    async mutate(attributes) {
      const inForce = policies();
      if (inForce.length === 0 || isPolicy(attributes) || !attributes.object) return;
      if (attributes.operation === 'CONNECT') return;
      const { memory } = attributes.reinvocation;
      const { Invocations, mutate } = await import('./mutate.ts');
      let mine = memory.get(name);
      if (!(mine instanceof Invocations)) {
        mine = new Invocations();
        memory.set(name, mine);
      }
      await mutate(inForce, attributes, mine as InstanceType<typeof Invocations>, around);
    },
  };
}
