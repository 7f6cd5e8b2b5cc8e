import type { AnyKind } from '@coracle/api/kind';
import type { FieldError, Path } from '@coracle/api/meta/field-path';
import type { MutatingWebhook, ValidatingWebhook } from '@coracle/api/types/admissionregistration/v1';
import type { Activation } from '@coracle/cel';
import type { Authorizer } from '../../chain/authorization/authorizer.ts';
import { compileConditions, conditionProblems, type Verdict } from '../../expressions/conditions.ts';
import { volumeErrors } from '../../expressions/volume.ts';
import type { Attributes } from '../plugin.ts';
import { webhookEnvironment } from '../policy/environment.ts';
import { inputsOf } from '../policy/inputs.ts';
import type { Hook } from './hooks.ts';

/** Errors of the expressions of a configuration's webhooks, whose list is at `at`. */
export function expressionProblems(webhooks: readonly (ValidatingWebhook | MutatingWebhook)[], at: Path): FieldError[] {
  const expressions = webhooks.flatMap(({ matchConditions = [] }) => matchConditions.map((each) => each.expression));
  const tooMuch = volumeErrors(expressions, at);
  if (tooMuch.length > 0) return tooMuch;
  return webhooks.flatMap(({ matchConditions = [] }, i) =>
    conditionProblems(matchConditions, webhookEnvironment, at.index(i).child('matchConditions')),
  );
}

const compiled = new WeakMap<Hook, (activation: Activation) => Verdict>();

/** Whether the conditions of a webhook let a request through to it; see `compileConditions`. `kind` is the one it is asked in. */
export async function conditionsMatch(
  hook: Hook,
  attributes: Attributes,
  kind: AnyKind,
  authorizer: Authorizer,
): Promise<Verdict> {
  const ask = compiled.get(hook) ?? compileConditions(hook.webhook.matchConditions ?? [], webhookEnvironment);
  compiled.set(hook, ask);
  const inputs = await inputsOf(attributes, kind, undefined, authorizer);
  return inputs.answered(() => ask((name) => inputs.value(name)));
}
