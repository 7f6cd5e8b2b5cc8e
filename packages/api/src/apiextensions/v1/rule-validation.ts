import type { JSONSchemaProps, ValidationRule } from '../../generated/apiextensions/v1.ts';
import { type FieldError, invalid, notSupported, type Path, required } from '../../meta/field-path.ts';
import { readFieldPath } from '../../structural/field-path-text.ts';

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

/** Errors of the CEL rules of one part of a schema, as far as they can be seen without compiling them. */
export function ruleErrors(schema: JSONSchemaProps, at: Path): FieldError[] {
  const rules = schema['x-kubernetes-validations'] ?? [];
  return rules.flatMap((rule, i) => errorsOf(rule, schema, at.child('x-kubernetes-validations').index(i)));
}

function errorsOf(it: ValidationRule, schema: JSONSchemaProps, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const rule = (it.rule ?? '').trim();
  const message = it.message?.trim() ?? '';
  if (rule === '') errors.push(required(at.child('rule'), 'rule is not specified'));
  else if (it.message && message === '') {
    errors.push(invalid(at.child('message'), it.message, 'must be non-empty if specified'));
  } else if (hasNewlines(message)) {
    errors.push(invalid(at.child('message'), it.message, 'must not contain line breaks'));
  } else if (hasNewlines(rule) && message === '') {
    errors.push(required(at.child('message'), 'message must be specified if rule contains line breaks'));
  }
  if (it.messageExpression && it.messageExpression.trim() === '') {
    errors.push(required(at.child('messageExpression'), 'messageExpression must be non-empty if specified'));
  }
  if (it.reason !== undefined && !reasons.includes(it.reason)) {
    errors.push(notSupported(at.child('reason'), it.reason, reasons));
  }
  if (it.fieldPath && it.fieldPath.trim() === '') {
    errors.push(invalid(at.child('fieldPath'), it.fieldPath, 'must be non-empty if specified'));
  }
  if (hasNewlines(it.fieldPath ?? '')) {
    errors.push(invalid(at.child('fieldPath'), it.fieldPath, 'must not contain line breaks'));
  }
  if (it.fieldPath && 'problem' in readFieldPath(it.fieldPath, schema)) {
    errors.push(invalid(at.child('fieldPath'), it.fieldPath, 'must be a valid path'));
  }
  return errors;
}

const hasNewlines = (text: string): boolean => /[\n\r]/.test(text);
