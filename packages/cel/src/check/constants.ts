import { EvaluationError } from '../evaluate/failure.ts';
import { compilePattern } from '../regex/pattern.ts';
import { type Expr, partsOf } from '../syntax/ast.ts';
import type { Checked } from './checker.ts';

/** Conversions of literals are done once, before the expression runs. */
const conversions = new Set(['int', 'uint', 'double', 'bool', 'string', 'bytes']);

/** Functions that compile a literal pattern once, before the expression runs. */
const searches = new Set(['find', 'findAll']);

/** Why a conversion of a literal, or a pattern to look for, fails: such an expression cannot be made ready to run. */
export function constantFailure({ expr, overloads }: Checked): string | undefined {
  const failure = (each: Expr): string | undefined => {
    for (const part of partsOf(each)) {
      const found = failure(part);
      if (found !== undefined) return found;
    }
    if (each.is === 'call' && each.target && searches.has(each.name)) return patternFailure(each.args[0]);
    if (each.is !== 'call' || each.target || !conversions.has(each.name) || each.args.length !== 1) return undefined;
    const [argument] = each.args;
    const [conversion] = overloads.get(each) ?? [];
    if (argument?.is !== 'literal' || !conversion) return undefined;
    return failureOf(() => conversion.run(argument.value));
  };
  return failure(expr);
}

function patternFailure(pattern: Expr | undefined): string | undefined {
  if (pattern?.is !== 'literal' || typeof pattern.value !== 'string') return undefined;
  const { value } = pattern;
  return failureOf(() => compilePattern(value));
}

function failureOf(attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    return error.message;
  }
}
