import { append } from '@coracle/api/meta/append';
import { messageOf } from '@coracle/api/meta/message-of';
import { StatusError } from '@coracle/api/meta/status';
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '@coracle/api/types/admissionregistration/v1';
import type { Attributes } from '../plugin.ts';
import { refused } from '../refusal.ts';
import { kindMatching } from '../webhook/matching.ts';
import { inputsOf } from './inputs.ts';
import { errorTypeOf } from './metrics.ts';
import { namespaceOf } from './namespace.ts';
import { ConfigurationError, paramsOf } from './params.ts';
import type { Policy, PolicySurroundings } from './policies.ts';
import { timed } from './timed.ts';
import { type Decision, type Outcome, validatorOf } from './validator.ts';

type ValidatingPolicy = Policy<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>;

interface Denial {
  readonly policy: string;
  readonly binding?: string;
  readonly message: string;
  readonly reason?: string;
}

const maxAnnotation = 10 * 1024;
const codes: Readonly<Record<string, number>> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413 };

/** Evaluates the policies that are about a request. Throws the first denial, once all have been heard. */
export async function decide(
  policies: readonly ValidatingPolicy[],
  attributes: Attributes,
  around: PolicySurroundings,
): Promise<void> {
  const denials: Denial[] = [];
  for (const policy of policies) append(denials, await decideOne(policy, attributes, around));
  const [first] = denials;
  if (first) throw denied(first, attributes);
}

async function decideOne(
  policy: ValidatingPolicy,
  attributes: Attributes,
  around: PolicySurroundings,
): Promise<Denial[]> {
  const { name, object } = policy;
  const denials: Denial[] = [];
  const misconfigured = (error: unknown, binding?: string) => {
    if (object.spec.failurePolicy === 'Ignore') return;
    const why = messageOf(error);
    denials.push({
      policy: name,
      binding,
      message: `failed to configure ${binding === undefined ? 'policy' : 'binding'}: ${why}`,
    });
  };
  const kind = await kindMatching(policy.criteria, attributes, around.kinds);
  if (!kind) return [];
  const { paramKind } = object.spec;
  const annotations = new Map<string, Set<string>>();
  const inputs = await inputsOf(attributes, kind, await namespaceOf(attributes), around.authorizer);
  for (const binding of policy.bindings) {
    let params: readonly (object | null)[];
    try {
      if (binding.criteria && !(await kindMatching(binding.criteria, attributes, around.kinds))) continue;
      params = paramsOf(paramKind, binding.object.spec.paramRef, attributes.namespace, around);
    } catch (error) {
      // A kind that is not there is the policy's fault, not the binding's.
      const missing = error instanceof ConfigurationError && error.message.startsWith('failed to find resource');
      misconfigured(error, missing ? undefined : binding.name);
      if (missing) break;
      continue;
    }
    for (const each of params) {
      const { value: outcome, seconds } = await timed(around.metrics, object, validatorOf, (ask) =>
        inputs.answered(() => ask(inputs, each)),
      );
      note(outcome, seconds, policy, binding.object, around);
      append(denials, enforce(outcome, policy, binding.object, attributes));
      for (const { key, value } of outcome.annotations) {
        annotations.set(key, (annotations.get(key) ?? new Set()).add(value.slice(0, maxAnnotation)));
      }
    }
  }
  for (const [key, values] of annotations) attributes.annotate(`${name}/${key}`, [...values].join(', '));
  return denials;
}

/** Tells what became of a check. */
function note(
  { failures, annotationErrors }: Outcome,
  seconds: number,
  { name }: ValidatingPolicy,
  { metadata, spec }: ValidatingAdmissionPolicyBinding,
  { metrics }: PolicySurroundings,
): void {
  const binding = metadata.name ?? '';
  if (failures.length === 0 && annotationErrors.length === 0) {
    metrics.validated(name, binding, 'allow', 'no_error', seconds);
  }
  for (const { message, reason } of failures) {
    const errorType = errorTypeOf(reason === undefined ? message : undefined);
    for (const action of spec.validationActions ?? []) {
      metrics.validated(name, binding, action.toLowerCase(), errorType, seconds);
    }
  }
  for (const message of annotationErrors) metrics.validated(name, binding, 'deny', errorTypeOf(message), seconds);
}

/** Does with failed validations what the binding says. */
function enforce(
  { failures, annotationErrors }: Outcome,
  policy: ValidatingPolicy,
  binding: ValidatingAdmissionPolicyBinding,
  attributes: Attributes,
): Denial[] {
  const names = { policy: policy.name, binding: binding.metadata.name ?? '' };
  const denials: Denial[] = [];
  for (const failure of failures) {
    for (const action of binding.spec.validationActions ?? []) {
      if (action === 'Deny') denials.push({ ...names, message: failure.message, reason: failure.reason });
      else if (action === 'Audit') audit(failure, binding, attributes);
      else if (action === 'Warn') {
        const by = `ValidatingAdmissionPolicy '${names.policy}' with binding '${names.binding}'`;
        attributes.warn(`Validation failed for ${by}: ${failure.message}`);
      }
    }
  }
  return [...denials, ...annotationErrors.map((message) => ({ ...names, message }))];
}

function audit(
  { message, index }: Decision,
  { metadata, spec }: ValidatingAdmissionPolicyBinding,
  { annotate }: Attributes,
): void {
  const value = {
    message,
    policy: spec.policyName,
    binding: metadata.name,
    expressionIndex: index,
    validationActions: spec.validationActions,
  };
  annotate('validation.policy.admission.k8s.io/validation_failure', JSON.stringify([value]));
}

function denied({ policy, binding, message, reason = 'Invalid' }: Denial, attributes: Attributes): StatusError {
  const by = `ValidatingAdmissionPolicy '${policy}'${binding === undefined ? '' : ` with binding '${binding}'`}`;
  const text = `${by} denied request: ${message}`;
  const { status } = refused(attributes, text);
  const { details } = status;
  return new StatusError({
    code: codes[reason] ?? 422,
    reason,
    message: status.message ?? text,
    ...(details ? { details: { ...details, causes: [...(details.causes ?? []), { message: text }] } } : {}),
  });
}
