import type { FieldError, Path } from '@coracle/api/meta/field-path';
import type { SubjectAccessReviewSpec } from '@coracle/api/types/authorization/v1';
import type { Environment } from '@coracle/cel';
import { toValue } from '@coracle/cel/schema/json-value';
import { type Condition, compileConditions, conditionProblems, type Verdict } from '../../expressions/conditions.ts';
import { requestType } from '../../expressions/request-type.ts';

const request = requestType('authorization/v1.SubjectAccessReviewSpec');
/** What match conditions can name (https://kubernetes.io/docs/reference/access-authn-authz/authorization/#using-configuration-file-for-authorization). */
const environment: Environment = { variables: { request } };

/** Errors of the conditions of an AuthorizationConfiguration's webhook. One that stands twice is an error here. */
export function matchConditionProblems(conditions: readonly Condition[], at: Path): FieldError[] {
  return conditionProblems(conditions, environment, at, { unique: true });
}

/** Makes the function that says whether a webhook is to be asked about a question. */
export function questionFilter(conditions: readonly Condition[]): (spec: SubjectAccessReviewSpec) => Verdict {
  const ask = compileConditions(conditions, environment);
  return (spec) => {
    const whole = wholeSpec(spec);
    return ask((name) => (name === 'request' ? toValue(whole, request) : undefined));
  };
}

/** Expressions see what is not there as empty: only which of the two kinds of attributes there is can be asked with `has`. */
function wholeSpec(spec: SubjectAccessReviewSpec): SubjectAccessReviewSpec {
  const { resourceAttributes, nonResourceAttributes, user = '', uid = '', groups = [], extra = {} } = spec;
  const empty = { namespace: '', verb: '', group: '', version: '', resource: '', subresource: '', name: '' };
  return {
    user,
    uid,
    groups,
    extra,
    ...(resourceAttributes ? { resourceAttributes: { ...empty, ...resourceAttributes } } : {}),
    ...(nonResourceAttributes ? { nonResourceAttributes: { path: '', verb: '', ...nonResourceAttributes } } : {}),
  };
}
