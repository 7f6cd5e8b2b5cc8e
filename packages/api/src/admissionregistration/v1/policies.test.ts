import { describe, expect, it } from '@jest/globals';
import type { MatchCondition, ValidatingAdmissionPolicy } from '../../generated/admissionregistration/v1.ts';
import { Path } from '../../meta/field-path.ts';
import { validateBinding, validateConditionNames } from './policies.ts';
import { validateRuleWithOperations } from './rule-validation.ts';
import { validatingAdmissionPolicy } from './validatingadmissionpolicy.ts';

const at = new Path('spec');
const shown = (errors: { field: string; message: string }[]) => errors.map((each) => `${each.field}: ${each.message}`);

describe('what policies and webhooks say', () => {
  it('has at most 64 match conditions, and malformed names are shown beside repeated ones', () => {
    const many: MatchCondition[] = Array.from({ length: 65 }, (_, i) => ({ name: `c${i}`, expression: 'true' }));
    expect(shown(validateConditionNames(many, at))).toEqual(['spec: Too many: 65: must have at most 64 items']);
    const twice = [{ name: 'a b' }, { name: 'a b' }] as MatchCondition[];
    expect(validateConditionNames(twice, at).map(({ type }) => type)).toEqual([
      'FieldValueInvalid',
      'FieldValueInvalid',
      'FieldValueDuplicate',
    ]);
  });

  it('lets `*` stand after other resources, and not before them', () => {
    const rule = (resources: string[]) => ({ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources });
    expect(validateRuleWithOperations(rule(['pods', '*']), at)).toEqual([]);
    expect(validateRuleWithOperations(rule(['*', 'pods']), at)).toHaveLength(1);
  });

  it('does with missing parameters what is known', () => {
    const paramRef = { name: 'p', parameterNotFoundAction: 'x' };
    expect(shown(validateBinding({ policyName: 'p', paramRef }, at))).toEqual([
      'spec.paramRef.parameterNotFoundAction: Unsupported value: "x": supported values: "Deny", "Allow"',
    ]);
  });

  it('refuses for a reason webhooks may have, and reports warnings that say where and what', () => {
    const policy = {
      metadata: { name: 'p' },
      spec: { validations: [{ expression: 'true', reason: 'Unauthorized' }] },
      status: { typeChecking: { expressionWarnings: [{ fieldRef: ' ', warning: '' }] } },
    } as ValidatingAdmissionPolicy;
    expect(shown(validatingAdmissionPolicy.validate!(policy, new Path()))).toContain(
      'spec.validations[0].reason: Unsupported value: "Unauthorized": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
    );
    expect(shown(validatingAdmissionPolicy.validateStatusUpdate!(policy, policy, new Path()))).toEqual([
      'status.typeChecking.expressionWarnings[0].warning: Required value',
      'status.typeChecking.expressionWarnings[0].fieldRef: Required value',
    ]);
  });
});
