import { aggregate } from '@coracle/api/meta/status';
import { matchConditionsLimit } from '@coracle/cel/limits';
import type { Compiled } from './compiled.ts';
import { Evaluation, OutOfBudget } from './evaluation.ts';
import type { Inputs } from './inputs.ts';

/**
 * Whether all match conditions of a policy or webhook hold for a request
 * (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#matching-requests-matchconditions): one that is
 * false decides, whatever others come to; else an error is for the failurePolicy to decide about.
 */
export function conditionsHold(
  conditions: readonly Compiled[],
  inputs: Inputs,
  params: object | null = null,
  variables: ReadonlyMap<string, Compiled> = new Map(),
): { readonly holds: boolean; readonly error?: string } {
  const evaluation = new Evaluation(inputs, params, variables, matchConditionsLimit);
  const errors: string[] = [];
  try {
    for (const condition of conditions) {
      const result = evaluation.run(condition);
      if (result.error !== undefined) errors.push(result.error);
      else if (result.value !== true) return { holds: false };
    }
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
    errors.push(error.message);
  }
  return errors.length === 0 ? { holds: true } : { holds: false, error: aggregate(errors) };
}
