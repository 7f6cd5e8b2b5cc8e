import { expect, it } from '@jest/globals';
import type { ValidatingAdmissionPolicy } from '../../generated/admissionregistration/v1.ts';
import { validateCreate } from '../../validate.ts';
import { validatingAdmissionPolicy } from './validatingadmissionpolicy.ts';

it('a policy is checked from validations to audit annotations, of which there are 20 at most', () => {
  const policy: ValidatingAdmissionPolicy = {
    metadata: { name: 'p' },
    spec: {
      matchConstraints: {
        resourceRules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
      },
      validations: [{ expression: ' ' }],
      auditAnnotations: Array.from({ length: 21 }, (_, i) => ({ key: `k${i}`, valueExpression: "''" })),
    },
  };
  validatingAdmissionPolicy.defaults!(policy);
  const errors = validateCreate(validatingAdmissionPolicy, policy);
  expect(errors.map(({ field, message }) => `${field}: ${message}`)).toEqual([
    'spec.validations[0].expression: Required value: expression is not specified',
    expect.stringMatching(/^spec.auditAnnotations: Invalid value: .*: must not have more than 20 auditAnnotations$/),
  ]);
});
