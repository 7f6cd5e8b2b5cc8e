import { nonNegative } from '../../apps/selection.ts';
import type {
  JobSpec,
  PodFailurePolicy,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
  SuccessPolicyRule,
} from '../../generated/batch/v1.ts';
import { append } from '../../meta/append.ts';
import {
  duplicate,
  type FieldError,
  invalid,
  malformed,
  notSupported,
  type Path,
  required,
  tooLong,
  tooMany,
} from '../../meta/field-path.ts';
import { isQualifiedName } from '../../meta/names.ts';
import { parseIndexes } from './indexes.ts';

const maxRules = 20;
const maxExitCodes = 255;
const maxPatterns = 20;
const maxIndexesLength = 64 * 1024;

const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const operators = ['In', 'NotIn'];
const statuses = ['False', 'True', 'Unknown'];

const listed = (values: readonly string[]) => `valid values: [${values.map((each) => `"${each}"`).join(' ')}]`;

/** One of `known`, which are in order; none at all is another error than an unknown one. */
function oneOf(value: string | undefined, known: readonly string[], at: Path): FieldError[] {
  if (!value) return [required(at, listed(known))];
  return known.includes(value) ? [] : [notSupported(at, value, known)];
}

/** An error of a value too long to be shown, or of several fields together. */
const inconsistent = (at: Path, detail: string): FieldError =>
  at.error('FieldValueInvalid', `Invalid value: ${detail}`);

/** Errors of what a job says about failures of its pods (KEP-3329). */
export function validateFailurePolicy(policy: PodFailurePolicy, spec: JobSpec, at: Path): FieldError[] {
  const path = at.child('rules');
  const rules = policy.rules ?? [];
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {};
  const names = new Set([...initContainers, ...containers].map(({ name }) => name));
  return [
    ...(rules.length > maxRules ? [tooMany(path, rules.length, maxRules)] : []),
    ...rules.flatMap((rule, i) => validateFailureRule(rule, spec, names, path.index(i))),
  ];
}

function validateFailureRule(
  { action, onExitCodes, onPodConditions = [] }: PodFailurePolicyRule,
  spec: JobSpec,
  containers: ReadonlySet<string>,
  at: Path,
): FieldError[] {
  const errors = oneOf(action, actions, at.child('action'));
  if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined)
    errors.push(invalid(at.child('action'), action, 'requires the backoffLimitPerIndex to be set'));
  if (onExitCodes) append(errors, validateExitCodes(onExitCodes, containers, at.child('onExitCodes')));
  const path = at.child('onPodConditions');
  if (onPodConditions.length > maxPatterns) errors.push(tooMany(path, onPodConditions.length, maxPatterns));
  for (const [i, { type, status }] of onPodConditions.entries()) {
    append(
      errors,
      malformed(path.index(i).child('type'), type ?? '', isQualifiedName),
      oneOf(status, statuses, path.index(i).child('status')),
    );
  }
  if (onExitCodes && onPodConditions.length > 0)
    errors.push(inconsistent(at, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  if (!onExitCodes && onPodConditions.length === 0)
    errors.push(inconsistent(at, 'specifying one of OnExitCodes and OnPodConditions is required'));
  return errors;
}

function validateExitCodes(
  { operator, containerName, values = [] }: PodFailurePolicyOnExitCodesRequirement,
  containers: ReadonlySet<string>,
  at: Path,
): FieldError[] {
  const errors = oneOf(operator, operators, at.child('operator'));
  if (containerName !== undefined && !containers.has(containerName)) {
    const detail = 'must be one of the container or initContainer names in the pod template';
    errors.push(invalid(at.child('containerName'), containerName, detail));
  }
  const path = at.child('values');
  if (values.length === 0) errors.push(invalid(path, values, 'at least one value is required'));
  else if (values.length > maxExitCodes) errors.push(tooMany(path, values.length, maxExitCodes));
  const seen = new Set<number>();
  for (const [i, value] of values.entries()) {
    if (operator === 'In' && value === 0) errors.push(invalid(path.index(i), 0, 'must not be 0 for the In operator'));
    if (seen.has(value)) errors.push(duplicate(path.index(i), value));
    seen.add(value);
  }
  if (values.some((value, i) => i > 0 && values[i - 1]! > value)) errors.push(invalid(path, values, 'must be ordered'));
  return errors;
}

/** Errors of when an indexed job counts as done (KEP-3998). */
export function validateSuccessPolicy(spec: JobSpec, at: Path): FieldError[] {
  const path = at.child('rules');
  const rules = spec.successPolicy?.rules ?? [];
  if (rules.length === 0)
    return [required(path, 'at least one rules must be specified when the successPolicy is specified')];
  return [
    ...(rules.length > maxRules ? [tooMany(path, rules.length, maxRules)] : []),
    ...rules.flatMap((rule, i) => validateSuccessRule(rule, spec.completions ?? 0, path.index(i))),
  ];
}

function validateSuccessRule(rule: SuccessPolicyRule, completions: number, at: Path): FieldError[] {
  const { succeededCount, succeededIndexes } = rule;
  if (succeededCount === undefined && succeededIndexes === undefined)
    return [required(at, 'at least one of succeededCount or succeededIndexes must be specified')];
  const errors: FieldError[] = [];
  let named = 0;
  if (succeededIndexes !== undefined) {
    const path = at.child('succeededIndexes');
    if (succeededIndexes.length > maxIndexesLength) errors.push(tooLong(path, maxIndexesLength));
    const indexes = parseIndexes(succeededIndexes, completions);
    if (indexes.error === undefined) named = indexes.total;
    else errors.push(invalid(path, succeededIndexes, `error parsing succeededIndexes: ${indexes.error}`));
  }
  if (succeededCount === undefined) return errors;
  const path = at.child('succeededCount');
  const atMost = (limit: number, what: string) =>
    invalid(path, succeededCount, `must be less than or equal to ${limit} (the number of ${what})`);
  append(errors, nonNegative(succeededCount, path));
  if (succeededCount > completions) errors.push(atMost(completions, 'specified completions'));
  if (succeededIndexes !== undefined && succeededCount > named)
    errors.push(atMost(named, 'indexes in the specified succeededIndexes field'));
  return errors;
}
