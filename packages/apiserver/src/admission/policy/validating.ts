import { validatingAdmissionPolicy } from '@coracle/api/admissionregistration/v1/validatingadmissionpolicy';
import { validatingAdmissionPolicyBinding } from '@coracle/api/admissionregistration/v1/validatingadmissionpolicybinding';
import type { AdmissionPlugin } from '../plugin.ts';
import { followPolicies, isPolicy, type PolicySurroundings } from './policies.ts';

/**
 * ValidatingAdmissionPolicy: expressions that decide about requests
 * (https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/). The language is loaded with the first policy in force.
 */
export function validatingPolicies(around: PolicySurroundings): AdmissionPlugin {
  const policies = followPolicies(around.objects, validatingAdmissionPolicy, validatingAdmissionPolicyBinding);
  return {
    name: 'ValidatingAdmissionPolicy',
    async validate(attributes) {
      const inForce = policies();
      if (inForce.length === 0 || isPolicy(attributes)) return;
      const { decide } = await import('./decide.ts');
      await decide(inForce, attributes, around);
    },
  };
}
