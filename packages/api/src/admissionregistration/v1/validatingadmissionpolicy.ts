import { age, count, text } from '../../columns.ts';
import type {
  AuditAnnotation,
  ExpressionWarning,
  ValidatingAdmissionPolicy,
  Validation,
} from '../../generated/admissionregistration/v1.ts';
import { defineKind } from '../../kind.ts';
import { append } from '../../meta/append.ts';
import { duplicate, type FieldError, invalid, notSupported, type Path, required } from '../../meta/field-path.ts';
import { isQualifiedName } from '../../meta/names.ts';
import { repeats } from '../../meta/repeats.ts';
import { validateConditions } from '../../meta/validate-conditions.ts';
import { matchDefaults, shownParamKind, validatePolicy } from './policies.ts';

const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const maxAuditAnnotations = 20;
const maxValueExpression = 5 * 1024;

/** Expressions that decide whether a request may change what it wants to change, where a binding puts them in force. */
export const validatingAdmissionPolicy = defineKind<ValidatingAdmissionPolicy>('admissionregistration/v1', {
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  categories: ['api-extensions'],
  namespaced: false,
  subresources: { status: true },
  statusKeeps: 'all',
  allowUnconditionalUpdate: false,
  defaults(it) {
    it.spec ??= {};
    it.spec.failurePolicy ??= 'Fail';
    matchDefaults(it.spec.matchConstraints);
  },
  validate({ metadata, spec }, root) {
    const at = root.child('spec');
    const { validations = [], auditAnnotations = [] } = spec;
    const errors = validatePolicy(spec, at);
    if (validations.length === 0 && auditAnnotations.length === 0) {
      const detail = 'validations or auditAnnotations must contain at least one item';
      errors.push(required(at.child('validations'), detail), required(at.child('auditAnnotations'), detail));
    }
    append(
      errors,
      validations.flatMap((each, i) => validateValidation(each, at.child('validations').index(i))),
    );
    if (auditAnnotations.length > maxAuditAnnotations) {
      const detail = `must not have more than ${maxAuditAnnotations} auditAnnotations`;
      errors.push(invalid(at.child('auditAnnotations'), auditAnnotations, detail));
    }
    const repeated = repeats(auditAnnotations.map(({ key }) => key));
    return [
      ...errors,
      ...auditAnnotations.flatMap((each, i) => {
        const here = at.child('auditAnnotations').index(i);
        const problems = validateAuditAnnotation(each, metadata.name ?? '', here);
        return repeated.has(i) ? [...problems, duplicate(here.child('key'), each.key)] : problems;
      }),
    ];
  },
  validateStatusUpdate: ({ status }, _old, at) => [
    ...(status?.typeChecking?.expressionWarnings ?? []).flatMap((each, i) =>
      validateWarning(each, at.child('status.typeChecking.expressionWarnings').index(i)),
    ),
    ...validateConditions(status?.conditions, at.child('status').child('conditions')),
  ],
  columns: [
    count('Validations', (it) => it.spec.validations?.length ?? 0),
    text('ParamKind', (it) => shownParamKind(it.spec.paramKind)),
    age,
  ],
});

function validateWarning({ warning, fieldRef = '' }: ExpressionWarning, at: Path): FieldError[] {
  const errors = warning ? [] : [required(at.child('warning'))];
  return fieldRef.trim() === '' ? [...errors, required(at.child('fieldRef'))] : errors;
}

function validateValidation(it: Validation, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if ((it.expression ?? '').trim() === '') errors.push(required(at.child('expression'), 'expression is not specified'));
  if (it.messageExpression && it.messageExpression.trim() === '') {
    errors.push(invalid(at.child('messageExpression'), it.messageExpression, 'must be non-empty if specified'));
  }
  if (it.message && it.message.trim() === '') {
    errors.push(invalid(at.child('message'), it.message, 'message must be non-empty if specified'));
  } else if (/[\n\r]/.test(it.message?.trim() ?? '')) {
    errors.push(invalid(at.child('message'), it.message, 'message must not contain line breaks'));
  }
  if (it.reason !== undefined && !reasons.includes(it.reason)) {
    errors.push(notSupported(at.child('reason'), it.reason, reasons));
  }
  return errors;
}

function validateAuditAnnotation(
  { key, valueExpression = '' }: AuditAnnotation,
  policy: string,
  at: Path,
): FieldError[] {
  const name = `${policy}/${key}`;
  const errors =
    policy === ''
      ? [invalid(at.child('key'), key, 'requires metadata.name be non-empty')]
      : isQualifiedName(name).map((problem) => invalid(at.child('key'), name, problem));
  const trimmed = valueExpression.trim();
  if (trimmed === '') errors.push(required(at.child('valueExpression'), 'valueExpression is not specified'));
  else if (Buffer.byteLength(trimmed) > maxValueExpression) {
    errors.push(required(at.child('valueExpression'), `must not exceed ${maxValueExpression} bytes in length`));
  }
  return errors;
}
