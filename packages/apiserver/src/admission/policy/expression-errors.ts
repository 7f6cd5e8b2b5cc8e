import { append } from '@coracle/api/meta/append';
import { type FieldError, invalid, type Path } from '@coracle/api/meta/field-path';
import type {
  MatchCondition,
  MutatingAdmissionPolicy,
  ParamKind,
  ValidatingAdmissionPolicy,
  Variable,
} from '@coracle/api/types/admissionregistration/v1';
import { types } from '@coracle/cel/check/type';
import type { Compiled } from '../../expressions/compiled.ts';
import { conditionProblems } from '../../expressions/conditions.ts';
import { volumeErrors } from '../../expressions/volume.ts';
import { conditionEnvironment } from './environment.ts';
import { PolicyScope } from './scope.ts';

/** Errors of the expressions of a validating policy, which is at `root`. But for match conditions, empty ones are for the kind's own validation. */
export function validatingPolicyErrors({ spec }: ValidatingAdmissionPolicy, root: Path): FieldError[] {
  const at = root.child('spec');
  const { validations = [], auditAnnotations = [] } = spec;
  const tooMuch = volumeErrors(
    [
      ...commonExpressions(spec),
      ...validations.flatMap(({ expression, messageExpression }) => [expression, messageExpression]),
      ...auditAnnotations.map((each) => each.valueExpression),
    ],
    at,
  );
  if (tooMuch.length > 0) return tooMuch;
  const scope = new PolicyScope(spec);
  const errors = commonErrors(spec, scope, at);
  for (const [i, { expression, messageExpression }] of validations.entries()) {
    const here = at.child('validations').index(i);
    append(
      errors,
      errorOf(here.child('expression'), expression, () => scope.compile(expression, [types.bool])),
    );
    append(
      errors,
      errorOf(here.child('messageExpression'), messageExpression, (source) =>
        scope.compile(source, [types.string], { authorizer: false }),
      ),
    );
  }
  for (const [i, { valueExpression }] of auditAnnotations.entries()) {
    const here = at.child('auditAnnotations').index(i).child('valueExpression');
    append(
      errors,
      errorOf(here, valueExpression, (source) => scope.compile(source.trim(), [types.string, types.null])),
    );
  }
  return errors;
}

/** Errors of the expressions of a mutating policy, which is at `root`. */
export function mutatingPolicyErrors({ spec }: MutatingAdmissionPolicy, root: Path): FieldError[] {
  const at = root.child('spec');
  const { mutations = [] } = spec;
  const tooMuch = volumeErrors(
    [
      ...commonExpressions(spec),
      ...mutations.flatMap((each) => [each.applyConfiguration?.expression, each.jsonPatch?.expression]),
    ],
    at,
  );
  if (tooMuch.length > 0) return tooMuch;
  const scope = new PolicyScope(spec);
  const errors = commonErrors(spec, scope, at);
  for (const [i, { applyConfiguration, jsonPatch }] of mutations.entries()) {
    const here = at.child('mutations').index(i);
    append(
      errors,
      errorOf(here.child('applyConfiguration').child('expression'), applyConfiguration?.expression, (source) =>
        scope.compileConfiguration(source),
      ),
      errorOf(here.child('jsonPatch').child('expression'), jsonPatch?.expression, (source) =>
        scope.compilePatch(source),
      ),
    );
  }
  return errors;
}

const commonExpressions = (spec: { matchConditions?: MatchCondition[]; variables?: Variable[] }) =>
  [...(spec.matchConditions ?? []), ...(spec.variables ?? [])].map((each) => each.expression);

function commonErrors(
  spec: { matchConditions?: MatchCondition[]; variables?: Variable[]; paramKind?: ParamKind },
  scope: PolicyScope,
  at: Path,
): FieldError[] {
  return [
    ...conditionProblems(spec.matchConditions ?? [], conditionEnvironment(spec), at.child('matchConditions')),
    ...(spec.variables ?? []).flatMap(({ name, expression }, i) =>
      errorOf(at.child('variables').index(i).child('expression'), expression, () => scope.variables.get(name)!),
    ),
  ];
}

function errorOf(at: Path, source: string | undefined, compile: (source: string) => Compiled): FieldError[] {
  if (!source?.trim()) return [];
  const { failure } = compile(source);
  return failure === undefined ? [] : [invalid(at, source, failure)];
}
