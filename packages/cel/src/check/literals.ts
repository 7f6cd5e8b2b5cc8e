import { EvaluationError } from '../evaluate/failure.ts';
import { readDuration, readTimestamp } from '../functions/time-text.ts';
import { formatClauses } from '../libraries/format-text.ts';
import { compilePattern } from '../regex/pattern.ts';
import { type Entry, type Expr, partsOf } from '../syntax/ast.ts';
import type { Issue } from '../syntax/issue.ts';
import type { Checked } from './checker.ts';
import { formatType, type Type } from './type.ts';

/** Functions whose literal arguments are read when the expression is compiled. */
const readers: Readonly<Record<string, (text: string) => unknown>> = {
  matches: compilePattern,
  duration: readDuration,
  timestamp: readTimestamp,
};

/**
 * Faults of what is written out: patterns, durations and times that cannot be read, lists and maps of several types, and texts of `format`
 * that do not fit what is given them.
 */
export function literalIssues(checked: Checked): Issue[] {
  return [...issuesOf(checked.expr, checked, false)];
}

/** `mixed`: within what `format` is given, which may be of any types. */
function* issuesOf(expr: Expr, checked: Checked, mixed: boolean): Generator<Issue> {
  const isFormat = expr.is === 'call' && expr.name === 'format';
  for (const part of partsOf(expr)) yield* issuesOf(part, checked, mixed || isFormat);
  if (expr.is === 'call') {
    yield* unreadable(expr);
    if (isFormat) yield* formatIssues(expr, checked);
  }
  if (mixed) return;
  if (expr.is === 'list') {
    const optional = (i: number) => expr.optional.has(i);
    yield* mismatches(expr.items, optional, checked, true);
  } else if (expr.is === 'map') {
    const keys = expr.entries.map(({ key }) => key);
    const values = expr.entries.map(({ value }) => value);
    yield* mismatches(keys, () => false, checked, false);
    yield* mismatches(values, (i) => (expr.entries[i] as Entry<Expr>).optional, checked, false);
  }
}

function* unreadable(expr: Expr & { is: 'call' }): Generator<Issue> {
  const read = Object.hasOwn(readers, expr.name) ? readers[expr.name] : undefined;
  const argument = expr.args.at(-1);
  if (!read || argument?.is !== 'literal' || typeof argument.value !== 'string') return;
  try {
    read(argument.value);
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    yield { at: argument.at, message: `invalid ${expr.name} argument` };
  }
}

/** Items that are not of the type of the first; with `once` the first of them alone. */
function* mismatches(
  items: readonly Expr[],
  isOptional: (index: number) => boolean,
  { types }: Checked,
  once: boolean,
): Generator<Issue> {
  let first: string | undefined;
  for (const [i, item] of items.entries()) {
    const type: Type = types.get(item) ?? { is: 'dyn' };
    const shown = formatType(isOptional(i) && type.is === 'optional' ? type.of : type);
    first ??= shown;
    if (shown === first) continue;
    yield { at: item.at, message: `expected type '${first}' but found '${shown}'` };
    if (once) return;
  }
}

function* formatIssues({ target, args: [list], at }: Expr & { is: 'call' }, { types }: Checked): Generator<Issue> {
  if (target?.is !== 'literal' || typeof target.value !== 'string' || list?.is !== 'list') return;
  try {
    const clauses = formatClauses(target.value);
    for (const [i, check] of clauses.entries()) {
      const item = list.items[i];
      if (!item) {
        yield { at, message: `index ${i} out of range` };
        return;
      }
      const problem = check(types.get(item) ?? { is: 'dyn' });
      if (problem !== undefined) {
        yield { at: item.at, message: problem };
        return;
      }
    }
    if (clauses.length < list.items.length) {
      const message = `too many arguments supplied to string.format (expected ${clauses.length}, got ${list.items.length})`;
      yield { at, message };
    }
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    yield { at, message: error.message };
  }
}
