import { EvaluationError } from '../evaluate/failure.ts';
import { type Expr, partsOf } from '../syntax/ast.ts';
import type { Checked } from './checker.ts';

/** Conversions of literals are done once, before the expression runs. */
const conversions = new Set(['int', 'uint', 'double', 'bool', 'string', 'bytes']);

/** Why a conversion of a literal fails: such an expression cannot be made ready to run. */
export function constantFailure({ expr, overloads }: Checked): string | undefined {
  const failure = (each: Expr): string | undefined => {
    for (const part of partsOf(each)) {
      const found = failure(part);
      if (found !== undefined) return found;
    }
    if (each.is !== 'call' || each.target || !conversions.has(each.name) || each.args.length !== 1) return undefined;
    const [argument] = each.args;
    const [conversion] = overloads.get(each) ?? [];
    if (argument?.is !== 'literal' || !conversion) return undefined;
    try {
      conversion.run(argument.value);
      return undefined;
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      return error.message;
    }
  };
  return failure(expr);
}
