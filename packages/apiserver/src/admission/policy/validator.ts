import type { ValidatingAdmissionPolicy, Validation } from '@coracle/api/types/admissionregistration/v1';
import { types } from '@coracle/cel/check/type';
import { perRequestLimit } from '@coracle/cel/limits';
import { usableMessage } from '@coracle/cel/rules/schema-rules';
import type { Compiled } from '../../expressions/compiled.ts';
import { compileConditions } from '../../expressions/conditions.ts';
import { conditionEnvironment } from './environment.ts';
import { activationOf, Evaluation, OutOfBudget } from './evaluation.ts';
import type { Inputs } from './inputs.ts';
import { PolicyScope } from './scope.ts';

/** A validation that did not hold, or could not be evaluated where failurePolicy is Fail. `index` is its place among the validations. */
export interface Decision {
  readonly index: number;
  readonly message: string;
  readonly reason?: string;
}

/** What a policy says of a request with one parameter. */
export interface Outcome {
  readonly failures: readonly Decision[];
  readonly annotations: readonly { readonly key: string; readonly value: string }[];
  /** Annotations that could not be made, where failurePolicy is Fail. */
  readonly annotationErrors: readonly string[];
}

type Validator = (inputs: Inputs, params: object | null) => Outcome;

const nothing: Outcome = { failures: [], annotations: [], annotationErrors: [] };
const validators = new WeakMap<ValidatingAdmissionPolicy, Validator>();

/** The policy's expressions, compiled once for each revision of it. */
export function validatorOf(policy: ValidatingAdmissionPolicy): Validator {
  const known = validators.get(policy) ?? compilePolicy(policy);
  validators.set(policy, known);
  return known;
}

interface CompiledValidation {
  readonly source: Validation;
  readonly expression: Compiled;
  readonly message?: Compiled;
}

function compilePolicy({ spec }: ValidatingAdmissionPolicy): Validator {
  const scope = new PolicyScope(spec);
  const conditions = compileConditions(spec.matchConditions ?? [], conditionEnvironment(spec));
  const validations = (spec.validations ?? []).map(
    (source): CompiledValidation => ({
      source,
      expression: scope.compile(source.expression, [types.bool]),
      message: source.messageExpression
        ? scope.compile(source.messageExpression, [types.string], { authorizer: false })
        : undefined,
    }),
  );
  const annotations = (spec.auditAnnotations ?? []).map(({ key, valueExpression }) => ({
    key,
    expression: scope.compile(valueExpression.trim(), [types.string, types.null]),
  }));
  const ignore = spec.failurePolicy === 'Ignore';
  const broken = (message: string): Outcome => (ignore ? nothing : { ...nothing, failures: [{ index: 0, message }] });

  return (inputs, params) => {
    const matched = conditions(activationOf(inputs, params));
    if ('error' in matched) return broken(matched.error);
    if (!matched.matches) return nothing;
    try {
      const failures = validate(validations, new Evaluation(inputs, params, scope.variables, perRequestLimit), ignore);
      const evaluation = new Evaluation(inputs, params, scope.variables, perRequestLimit);
      const made = annotations.map(({ key, expression }) => ({ key, result: evaluation.run(expression) }));
      return {
        failures,
        annotations: made.flatMap(({ key, result }) => {
          const value = result.error === undefined && typeof result.value === 'string' ? result.value.trim() : '';
          return value === '' ? [] : [{ key, value }];
        }),
        annotationErrors: ignore ? [] : made.flatMap(({ result }) => result.error ?? []),
      };
    } catch (error) {
      if (error instanceof OutOfBudget) return broken(error.message);
      throw error;
    }
  };
}

function validate(validations: readonly CompiledValidation[], evaluation: Evaluation, ignore: boolean): Decision[] {
  const results = validations.map(({ expression }) => evaluation.run(expression));
  return validations.flatMap(({ source, message }, index): Decision[] => {
    const result = results[index]!;
    if (result.error !== undefined) return ignore ? [] : [{ index, message: result.error }];
    if (result.value === true) return [];
    const text = messageOf(source, message, evaluation);
    if (text.failed && ignore) return [];
    return [{ index, message: text.message, ...(text.failed ? {} : { reason: source.reason ?? 'Invalid' }) }];
  });
}

/** The text of a validation that failed: its messageExpression's, its message, or the expression itself. */
function messageOf(
  source: Validation,
  compiled: Compiled | undefined,
  evaluation: Evaluation,
): { message: string; failed?: true } {
  let message: string | undefined;
  try {
    const made = compiled && evaluation.run(compiled);
    message = made && made.error === undefined ? usableMessage(made.value) : undefined;
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
    return { message: `failed messageExpression: ${error.message}`, failed: true };
  }
  return { message: message ?? (source.message?.trim() || `failed expression: ${source.expression.trim()}`) };
}
