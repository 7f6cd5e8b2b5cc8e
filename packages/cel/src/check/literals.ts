import { EvaluationError } from '../evaluate/failure.ts';
import { readDuration, readTimestamp } from '../functions/time-text.ts';
import { compilePattern } from '../regex/pattern.ts';
import { type Expr, partsOf } from '../syntax/ast.ts';
import type { Issue } from '../syntax/issue.ts';

/** Functions whose literal arguments are read when the expression is compiled. */
const readers: Readonly<Record<string, (text: string) => unknown>> = {
  matches: compilePattern,
  duration: readDuration,
  timestamp: readTimestamp,
};

/** Patterns, durations and times that are written out and cannot be read. */
export function literalIssues(expr: Expr): Issue[] {
  const below = partsOf(expr).flatMap(literalIssues);
  if (expr.is !== 'call' || !Object.hasOwn(readers, expr.name)) return below;
  const argument = expr.args.at(-1);
  if (argument?.is !== 'literal' || typeof argument.value !== 'string') return below;
  try {
    readers[expr.name]!(argument.value);
    return below;
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    return [...below, { at: argument.at, message: `invalid ${expr.name} argument` }];
  }
}
