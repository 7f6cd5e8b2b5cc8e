import type { AnyKind } from '@coracle/api/kind';
import { type FieldError, Path } from '@coracle/api/meta/field-path';
import type { MutatingWebhook, ValidatingWebhook } from '@coracle/api/types/admissionregistration/v1';
import { type Activation, dynamic, type Environment } from '@coracle/cel';
import { toValue } from '@coracle/cel/schema/json-value';
import { compileConditions, conditionProblems, type Verdict } from '../../expressions/conditions.ts';
import { requestType } from '../../expressions/request-type.ts';
import type { Attributes } from '../plugin.ts';
import { formsOf } from './forms.ts';
import type { Hook } from './hooks.ts';
import { requestOf } from './request.ts';

/** What expressions see of the request: an AdmissionRequest without what identifies the call, and without the objects. */
const request = requestType('admission/v1.AdmissionRequest', 'kubernetes.AdmissionRequest', [
  'uid',
  'object',
  'oldObject',
]);

/** What match conditions of webhooks can name (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#matching-requests-matchconditions). */
const environment: Environment = { variables: { object: dynamic, oldObject: dynamic, request } };

/** Errors of the expressions of a configuration. */
export function expressionProblems(webhooks: readonly (ValidatingWebhook | MutatingWebhook)[]): FieldError[] {
  return webhooks.flatMap(({ matchConditions = [] }, i) =>
    conditionProblems(matchConditions, environment, new Path('webhooks').index(i).child('matchConditions')),
  );
}

const compiled = new WeakMap<Hook, (activation: Activation) => Verdict>();

/** Whether the conditions of a webhook let a request through to it; see `compileConditions`. `kind` is the one it is asked in. */
export async function conditionsMatch(hook: Hook, attributes: Attributes, kind: AnyKind): Promise<Verdict> {
  let ask = compiled.get(hook);
  if (!ask) {
    ask = compileConditions(hook.webhook.matchConditions ?? [], environment);
    compiled.set(hook, ask);
  }
  const forms = await formsOf(attributes, kind);
  return ask((name) => {
    if (name === 'object') return toValue(forms.object);
    if (name === 'oldObject') return toValue(forms.oldObject);
    return name === 'request' ? toValue(requestOf(attributes, forms), request) : undefined;
  });
}
