import type { FieldError } from '../meta/field-path.ts';
import type { absent, Former } from './former.ts';
import { FoundErrors, type Walk } from './walk.ts';

/**
 * Validates one value, of which `old` is the former one or `absent`; errors go to the walk. Returns how many validators looked at the value
 * and its parts, as upstream counts them: the best of several alternatives is the one that got furthest.
 */
export type Check = (value: unknown, old: Former | typeof absent, walk: Walk) => number;

interface Attempt {
  readonly count: number;
  readonly errors: FieldError[];
}

/** Runs a check apart: its errors do not count yet. */
export function attempt(check: Check, value: unknown, old: Former | typeof absent, walk: Walk): Attempt {
  const { errors } = walk;
  walk.errors = new FoundErrors();
  const count = check(value, old, walk);
  const found = walk.errors.list;
  walk.errors = errors;
  return { count, errors: found };
}

/** The attempt that got furthest: of those that failed, the first that most validators looked at. */
const best = (attempts: readonly Attempt[]): Attempt =>
  attempts.reduce((found, each) => (each.count > found.count ? each : found));

/** One of the alternatives, at least. */
export function anyOf(alternatives: readonly Check[]): Check {
  return (value, old, walk) => {
    const failed: Attempt[] = [];
    for (const alternative of alternatives) {
      const tried = attempt(alternative, value, old, walk);
      if (tried.errors.length === 0) return tried.count;
      failed.push(tried);
    }
    walk.whole(`${JSON.stringify(walk.name)} must validate at least one schema (anyOf)`);
    const { errors, count } = best(failed);
    walk.errors.addAll(errors);
    return count;
  };
}

/** One of the alternatives, and no more. */
export function oneOf(alternatives: readonly Check[]): Check {
  return (value, old, walk) => {
    const attempts = alternatives.map((alternative) => attempt(alternative, value, old, walk));
    const valid = attempts.filter(({ errors }) => errors.length === 0);
    if (valid.length === 1) return valid[0]!.count;
    const found = valid.length === 0 ? 'Found none valid' : `Found ${valid.length} valid alternatives`;
    walk.whole(`${JSON.stringify(walk.name)} must validate one and only one schema (oneOf). ${found}`);
    if (valid.length > 0) return 0;
    const { errors, count } = best(attempts);
    walk.errors.addAll(errors);
    return count;
  };
}

/** All of the parts. */
export function allOf(parts: readonly Check[]): Check {
  return (value, old, walk) => {
    const attempts = parts.map((part) => attempt(part, value, old, walk));
    const valid = attempts.filter(({ errors }) => errors.length === 0).length;
    for (const { errors } of attempts) walk.errors.addAll(errors);
    if (valid < parts.length) {
      const none = valid === 0 ? '. None validated' : '';
      walk.whole(`${JSON.stringify(walk.name)} must validate all the schemas (allOf)${none}`);
    }
    return attempts.reduce((sum, { count }) => sum + count, 0);
  };
}

/** Anything but the part. */
export function not(part: Check): Check {
  return (value, old, walk) => {
    const { errors } = attempt(part, value, old, walk);
    if (errors.length === 0) walk.whole(`${JSON.stringify(walk.name)} must not validate the schema (not)`);
    return 0;
  };
}
