import { type FieldError, invalid, type Path, required, tooMany } from '@coracle/api/meta/field-path';
import {
  type Activation,
  CompileError,
  CostLimitError,
  compile,
  type Environment,
  type Expression,
} from '@coracle/cel';
import { matchConditionsLimit } from '@coracle/cel/limits';

/** An expression that says whether something applies. */
export interface Condition {
  readonly expression?: string;
}

const most = 64;
const outOfBudget = 'validation failed due to running out of cost budget, no further validation rules will be run';

/** Errors of conditions as they are written; names are for those to check who have them. */
export function conditionProblems(conditions: readonly Condition[], environment: Environment, at: Path): FieldError[] {
  if (conditions.length > most) return [tooMany(at, conditions.length, most)];
  return conditions.flatMap(({ expression = '' }, i) => {
    const path = at.index(i).child('expression');
    const text = expression.trim();
    if (text === '') return [required(path)];
    const problem = problemOf(text, environment, ['bool']);
    return problem === undefined ? [] : [invalid(path, text, problem)];
  });
}

/** Why an expression cannot stand where a result of these types (by default of any) is wanted; undefined: it can. */
export function problemOf(
  text: string,
  environment: Environment,
  wanted?: readonly Expression['result']['is'][],
): string | undefined {
  try {
    compile(text, environment, wanted);
    return undefined;
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    // That a result is of another type is no fault of the text.
    return error.issues.length === 0 ? error.message : `compilation failed: ${error.message}`;
  }
}

/** What conditions say of one case; `error`: they could not tell. */
export type Verdict = { readonly matches: boolean } | { readonly error: string };

/** Makes the function that asks conditions: one that is false settles it, an error counts where none is. Throws CompileError. */
export function compileConditions(
  conditions: readonly Condition[],
  environment: Environment,
): (activation: Activation) => Verdict {
  const compiled = conditions.map(({ expression = '' }) => compile(expression.trim(), environment, ['bool']));
  return (activation) => {
    const errors: string[] = [];
    let left = matchConditionsLimit;
    for (const each of compiled) {
      const outcome = each.evaluate(activation, left);
      left -= outcome.cost;
      if ('value' in outcome) {
        if (outcome.value === false) return { matches: false };
      } else {
        if (outcome.error instanceof CostLimitError) return { error: outOfBudget };
        errors.push(`expression '${each.source}' resulted in error: ${outcome.error.message}`);
      }
    }
    if (errors.length === 0) return { matches: true };
    return { error: errors.length === 1 ? errors[0]! : `[${errors.join(', ')}]` };
  };
}
