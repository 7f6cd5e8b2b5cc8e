import { messageOf } from '@coracle/api/meta/message-of';
import { RE2JS } from 're2js';
import { EvaluationError } from '../evaluate/failure.ts';

/** A pattern in RE2's syntax, matched in time linear in the text. */
export interface Pattern {
  /** Whether it matches anywhere in the text. */
  test(text: string): boolean;
  /** The first match; undefined without one. */
  find(text: string): string | undefined;
  /** All matches that do not overlap, at most `limit` of them. */
  findAll(text: string, limit?: number): string[];
}

const known = new Map<string, Pattern>();

/** Compiles a pattern (https://github.com/google/re2/wiki/Syntax); throws EvaluationError on one that is none. */
export function compilePattern(source: string): Pattern {
  const found = known.get(source);
  if (found) return found;
  const pattern = compile(source);
  // Patterns come from rules, which are few; the bound keeps those made from data from growing the table.
  if (known.size >= 1000) known.clear();
  known.set(source, pattern);
  return pattern;
}

function compile(source: string): Pattern {
  let re: RE2JS;
  try {
    re = RE2JS.compile(source);
  } catch (error) {
    throw new EvaluationError(messageOf(error));
  }
  return {
    test: (text) => re.matcher(text).find(),
    find(text) {
      const matcher = re.matcher(text);
      return matcher.find() ? (matcher.group() ?? undefined) : undefined;
    },
    findAll(text, limit = Number.POSITIVE_INFINITY) {
      const matcher = re.matcher(text);
      const all: string[] = [];
      while (all.length < limit && matcher.find()) all.push(matcher.group() ?? '');
      return all;
    },
  };
}
