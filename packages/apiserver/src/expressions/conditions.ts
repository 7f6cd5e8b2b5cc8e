import { duplicate, type FieldError, invalid, type Path, required, tooMany } from '@coracle/api/meta/field-path';
import { type Activation, CostLimitError, compile, type Environment } from '@coracle/cel';
import { matchConditionsLimit } from '@coracle/cel/limits';
import { compileIn } from './compiled.ts';

/** An expression that says whether something applies. */
export interface Condition {
  readonly expression?: string;
}

const most = 64;
const outOfBudget = 'validation failed due to running out of cost budget, no further validation rules will be run';

/** Errors of conditions as they are written; names are for those to check who have them. `unique`: none may stand twice. */
export function conditionProblems(
  conditions: readonly Condition[],
  environment: Environment,
  at: Path,
  { unique = false } = {},
): FieldError[] {
  if (conditions.length > most) return [tooMany(at, conditions.length, most)];
  return conditions.flatMap(({ expression = '' }, i) => {
    const path = at.index(i).child('expression');
    const text = expression.trim();
    if (text === '') return [required(path)];
    if (unique && conditions.findIndex((each) => each.expression === expression) < i)
      return [duplicate(path, expression)];
    const { failure } = compileIn(environment, text, ['bool']);
    return failure === undefined ? [] : [invalid(path, text, failure)];
  });
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
