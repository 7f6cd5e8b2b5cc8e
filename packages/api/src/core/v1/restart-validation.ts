import type { Container, ContainerResizePolicy, PodSpec } from '../../generated/core/v1.ts';
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  type Path,
  required,
  tooMany,
} from '../../meta/field-path.ts';

const actions = ['Restart', 'RestartAllContainers'];
const policies = ['Always', 'Never', 'OnFailure'];
const operators = ['In', 'NotIn'];
const resources = ['cpu', 'memory'];
const resizes = ['NotRequired', 'RestartContainer'];
const maxRules = 20;
const maxExitCodes = 255;

/** Errors of a container's own policy of restarts, and its rules by exit code (KEP-5307). */
export function validateRestart({ restartPolicy, restartPolicyRules: rules = [] }: Container, at: Path): FieldError[] {
  const path = at.child('restartPolicy');
  if (restartPolicy === undefined)
    return rules.length > 0 ? [required(path, 'must specify restartPolicy when restart rules are used')] : [];
  const errors = policies.includes(restartPolicy) ? [] : [notSupported(path, restartPolicy, policies)];
  return [...errors, ...validateRules(rules, at.child('restartPolicyRules'))];
}

function validateRules(rules: NonNullable<Container['restartPolicyRules']>, at: Path): FieldError[] {
  const errors = rules.length > maxRules ? [tooMany(at, rules.length, maxRules)] : [];
  for (const [i, { action = '', exitCodes }] of rules.entries()) {
    const path = at.index(i);
    if (!actions.includes(action)) errors.push(notSupported(path.child('action'), action, actions));
    if (!exitCodes) {
      errors.push(required(path.child('exitCodes'), 'must be specified'));
      continue;
    }
    const { operator = '', values = [] } = exitCodes;
    const codes = path.child('exitCodes');
    if (!operators.includes(operator)) errors.push(notSupported(codes.child('operator'), operator, operators));
    if (values.length > maxExitCodes) errors.push(tooMany(codes.child('values'), values.length, maxExitCodes));
  }
  return errors;
}

/** Errors of whether a container is restarted to get other amounts (KEP-1287). */
export function validateResizePolicy(list: readonly ContainerResizePolicy[], spec: PodSpec, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const oneOf = (value: string, known: readonly string[]) => {
    if (value === '') errors.push(required(at));
    else if (!known.includes(value)) errors.push(notSupported(at, value, known));
  };
  const seen = new Set<string>();
  for (const [i, { resourceName = '', restartPolicy = '' }] of list.entries()) {
    if (seen.has(resourceName)) errors.push(duplicate(at.index(i), resourceName));
    seen.add(resourceName);
    oneOf(resourceName, resources);
    oneOf(restartPolicy, resizes);
    if (spec.restartPolicy === 'Never' && restartPolicy !== 'NotRequired')
      errors.push(invalid(at, restartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'"));
  }
  return errors;
}
