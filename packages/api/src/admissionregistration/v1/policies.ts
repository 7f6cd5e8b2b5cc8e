import type {
  MatchCondition,
  MatchResources,
  ParamKind,
  ParamRef,
  Variable,
} from '../../generated/admissionregistration/v1.ts';
import { append } from '../../meta/append.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
  tooMany,
} from '../../meta/field-path.ts';
import { formatLabelSelector } from '../../meta/labels.ts';
import { isDns1035Label, isDns1123Subdomain, isPathSegmentName, isQualifiedName } from '../../meta/names.ts';
import { repeats } from '../../meta/repeats.ts';
import { validateLabelSelector } from '../../meta/validate-selector.ts';
import { validateRuleWithOperations } from './rule-validation.ts';

/** What validating and mutating admission policies, and their bindings, have in common. */

const failurePolicies = ['Fail', 'Ignore'];
const matchPolicies = ['Equivalent', 'Exact'];
const notFoundActions = ['Deny', 'Allow'];

const maxConditions = 64;

/** Fills in what resources a policy or binding matches, in place. */
export function matchDefaults(it: MatchResources | undefined): void {
  if (!it) return;
  it.matchPolicy ??= 'Equivalent';
  it.namespaceSelector ??= {};
  it.objectSelector ??= {};
  for (const rule of [...(it.resourceRules ?? []), ...(it.excludeResourceRules ?? [])]) rule.scope ??= '*';
}

/** What the specs of validating and mutating policies both have. */
interface PolicySpec {
  failurePolicy?: string;
  paramKind?: ParamKind;
  matchConstraints?: MatchResources;
  matchConditions?: MatchCondition[];
  variables?: Variable[];
}

/** Errors of that. */
export function validatePolicy(spec: PolicySpec, at: Path): FieldError[] {
  return [
    ...validateFailurePolicy(spec.failurePolicy, at.child('failurePolicy')),
    ...validateParamKind(spec.paramKind, at.child('paramKind')),
    ...validateMatchConstraints(spec.matchConstraints, at.child('matchConstraints')),
    ...validateConditionNames(spec.matchConditions, at.child('matchConditions')),
    ...validateVariables(spec.variables, at.child('variables')),
  ];
}

/** Errors of failurePolicy, which has a default and so must be there. */
function validateFailurePolicy(value: string | undefined, at: Path): FieldError[] {
  if (value === undefined) return [required(at)];
  return failurePolicies.includes(value) ? [] : [notSupported(at, value, failurePolicies)];
}

/** Errors of the kind of a policy's parameters. */
function validateParamKind(it: ParamKind | undefined, at: Path): FieldError[] {
  if (!it) return [];
  const errors: FieldError[] = [];
  const { apiVersion = '', kind = '' } = it;
  const parts = apiVersion === '/' ? ['', ''] : apiVersion.split('/');
  const where = at.child('apiVersion');
  if (apiVersion === '') errors.push(required(where));
  else if (parts.length > 2) errors.push(invalid(where, apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
  else {
    const version = parts.at(-1)!;
    const group = parts.length === 2 ? parts[0]! : '';
    const wrongGroup = group === '' ? [] : isDns1123Subdomain(group);
    if (wrongGroup.length > 0) errors.push(invalid(where, group, wrongGroup.join(',')));
    const wrongVersion = version === '' ? [] : isDns1035Label(version);
    if (version === '') errors.push(invalid(where, apiVersion, 'version must be specified'));
    else if (wrongVersion.length > 0) errors.push(invalid(where, version, wrongVersion.join(',')));
  }
  const wrongKind = kind === '' ? [] : isDns1035Label(kind.toLowerCase());
  if (kind === '') errors.push(required(at.child('kind')));
  else if (wrongKind.length > 0) {
    const detail = `may have mixed case, but should otherwise match: ${wrongKind.join(',')}`;
    errors.push(invalid(at.child('kind'), kind, detail));
  }
  return errors;
}

/** Errors of which requests a policy is about: it must say so, and name at least one resource. */
function validateMatchConstraints(it: MatchResources | undefined, at: Path): FieldError[] {
  if (!it) return [required(at)];
  const errors = validateMatchResources(it, at);
  if (!it.resourceRules?.length) errors.push(required(at.child('resourceRules')));
  return errors;
}

/** Errors of which requests a binding is about. */
export function validateMatchResources(it: MatchResources | undefined, at: Path): FieldError[] {
  if (!it) return [];
  const errors: FieldError[] = [];
  if (it.matchPolicy === undefined) errors.push(required(at.child('matchPolicy')));
  else if (!matchPolicies.includes(it.matchPolicy)) {
    errors.push(notSupported(at.child('matchPolicy'), it.matchPolicy, matchPolicies));
  }
  for (const name of ['namespaceSelector', 'objectSelector'] as const) {
    if (it[name] === undefined) errors.push(required(at.child(name)));
    else append(errors, validateLabelSelector(it[name], at.child(name)));
  }
  for (const list of ['resourceRules', 'excludeResourceRules'] as const) {
    for (const [i, rule] of (it[list] ?? []).entries()) {
      const ruleAt = at.child(list).index(i);
      const names = rule.resourceNames ?? [];
      const repeated = repeats(names);
      for (const [j, name] of names.entries()) {
        const nameAt = ruleAt.child('resourceNames').index(j);
        append(
          errors,
          isPathSegmentName(name).map((problem) => invalid(nameAt, name, problem)),
        );
        if (repeated.has(j)) errors.push(duplicate(nameAt, name));
      }
      append(errors, validateRuleWithOperations(rule, ruleAt));
    }
  }
  return errors;
}

/** Errors of the names of match conditions; their expressions are for those to check who can compile them. */
export function validateConditionNames(conditions: readonly MatchCondition[] = [], at: Path): FieldError[] {
  const errors = conditions.length > maxConditions ? [tooMany(at, conditions.length, maxConditions)] : [];
  const repeated = repeats(conditions.map(({ name }) => name));
  const ofNames = conditions.flatMap(({ name }, i) => {
    const path = at.index(i).child('name');
    if (!name) return [required(path)];
    const errors = isQualifiedName(name).map((problem) => invalid(path, name, problem));
    return repeated.has(i) ? [...errors, duplicate(path, name)] : errors;
  });
  return [...errors, ...ofNames];
}

const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** Errors of a policy's variables, but for those of the expressions themselves. */
function validateVariables(variables: readonly Variable[] = [], at: Path): FieldError[] {
  return variables.flatMap(({ name = '', expression = '' }, i) => {
    const here = at.index(i);
    const errors: FieldError[] = [];
    if (name.trim() === '') errors.push(required(here.child('name'), 'name is not specified'));
    else if (!/^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) || reserved.has(name)) {
      errors.push(invalid(here.child('name'), name, 'name is not a valid CEL identifier'));
    }
    if (expression.trim() === '') errors.push(required(here.child('expression'), 'expression is not specified'));
    return errors;
  });
}

/** Errors of what every binding says: its policy, its parameters, and which requests it is about. */
export function validateBinding(
  it: { policyName?: string; paramRef?: ParamRef; matchResources?: MatchResources },
  at: Path,
): FieldError[] {
  const { policyName = '' } = it;
  const errors =
    policyName === ''
      ? [required(at.child('policyName'))]
      : isDns1123Subdomain(policyName).map((problem) => invalid(at.child('policyName'), policyName, problem));
  // The field's name is misspelt so in upstream's errors.
  return [
    ...errors,
    ...validateParamRef(it.paramRef, at.child('paramRef')),
    ...validateMatchResources(it.matchResources, at.child('matchResouces')),
  ];
}

function validateParamRef(it: ParamRef | undefined, at: Path): FieldError[] {
  if (!it) return [];
  const errors: FieldError[] = [];
  const { name = '', selector, parameterNotFoundAction = '' } = it;
  const exclusive = 'name and selector are mutually exclusive';
  if (name !== '') {
    append(
      errors,
      isPathSegmentName(name).map((problem) => invalid(at.child('name'), name, problem)),
    );
    if (selector) errors.push(forbidden(at.child('name'), exclusive));
  }
  if (selector) {
    append(errors, validateLabelSelector(selector, at.child('selector')));
    if (name !== '') errors.push(forbidden(at.child('selector'), exclusive));
  }
  if (name === '' && !selector) errors.push(required(at, 'one of name or selector must be specified'));
  if (parameterNotFoundAction === '') errors.push(required(at.child('parameterNotFoundAction')));
  else if (!notFoundActions.includes(parameterNotFoundAction)) {
    errors.push(notSupported(at.child('parameterNotFoundAction'), parameterNotFoundAction, notFoundActions));
  }
  return errors;
}

/** The kind of a policy's parameters, as tables show it. */
export function shownParamKind(it: ParamKind | undefined): string {
  return it ? `${it.apiVersion}/${it.kind}` : '<unset>';
}

/** A binding's parameters, as tables show them. */
export function shownParamRef(it: ParamRef | undefined): string {
  if (it?.name) return it.namespace ? `${it.namespace}/${it.name}` : it.name;
  return it?.selector ? formatLabelSelector(it.selector) : '<unset>';
}
