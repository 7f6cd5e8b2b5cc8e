import { type FieldError, invalid, type Path } from '@coracle/api/meta/field-path';
import { type Activation, compile, dynamic, type Environment, type Expression, type Value } from '@coracle/cel';
import { declaredMap } from '@coracle/cel/schema/declared-type';
import { toJson, toValue } from '@coracle/cel/schema/json-value';
import { type Expr, partsOf } from '@coracle/cel/syntax/ast';
import { parse } from '@coracle/cel/syntax/parser';
import type { JWTPayload } from 'jose';
import { compileIn } from '../../../expressions/compiled.ts';
import { requestType } from '../../../expressions/request-type.ts';
import { shown } from '../../../registry/reviews/authentication-reviews.ts';
import type { UserInfo } from '../../link.ts';
import { InvalidCredential } from '../authenticator.ts';
import type { ExpressionChecks } from '../config-validation.ts';

const claimsType = declaredMap(dynamic);
const userType = requestType('authentication/v1.UserInfo', 'kubernetes.UserInfo');
/** What expressions about tokens can name, and those about the users that were made of them. */
const ofClaims: Environment = { variables: { claims: claimsType } };
const ofUser: Environment = { variables: { user: userType } };

/** What is wrong with expressions of an AuthenticationConfiguration. What mappings come to is known when there are claims. */
export const expressionChecks: ExpressionChecks = {
  overClaims: (text, at, wanted) => problems(ofClaims, text, at, wanted),
  overUser: (text, at) => problems(ofUser, text, at, ['bool']),
  uses: (text, claim) => text !== '' && usesClaim(parse(text), claim),
};

function problems(environment: Environment, text: string, at: Path, wanted?: readonly ['bool']): FieldError[] {
  const { failure } = compileIn(environment, text, wanted);
  return failure === undefined ? [] : [invalid(at, text, failure)];
}

/** Whether `claims.claim` or `claims.?claim` stands anywhere in an expression. */
function usesClaim(expr: Expr, claim: string): boolean {
  const isClaims = (operand: Expr | undefined) => operand?.is === 'ident' && operand.name === 'claims';
  if (expr.is === 'select' && expr.field === claim && isClaims(expr.operand)) return true;
  if (expr.is === 'call' && expr.name === '_?._' && isClaims(expr.args[0])) {
    const field = expr.args[1];
    if (field?.is === 'literal' && field.value === claim) return true;
  }
  return partsOf(expr).some((part) => usesClaim(part, claim));
}

/** Evaluates an expression over a token's claims; throws InvalidCredential. */
function overClaims(text: string, what: string): (claims: JWTPayload) => Value {
  const expression = compile(text, ofClaims);
  return (claims) =>
    evaluated(expression, (name) => (name === 'claims' ? toValue(claims, claimsType) : undefined), what);
}

function evaluated(expression: Expression, activation: Activation, what: string): Value {
  const outcome = expression.evaluate(activation);
  if ('value' in outcome) return outcome.value;
  const why = `expression '${expression.source}' resulted in error: ${outcome.error.message}`;
  throw new InvalidCredential(`oidc: error evaluating ${what}: ${why}`);
}

/** A text made of claims: the name of the user, or its uid. */
export function textByExpression(text: string, what: 'username' | 'uid'): (claims: JWTPayload) => string {
  const evaluate = overClaims(text, `${what} claim expression`);
  return (claims) => {
    const value = evaluate(claims);
    if (typeof value !== 'string') {
      const where = `oidc: error evaluating ${what} claim expression`;
      throw new InvalidCredential(`${where}: ${what} claim expression must return a string`);
    }
    if (what === 'username' && value === '') {
      throw new InvalidCredential('oidc: empty username via CEL expression is not allowed');
    }
    return value;
  };
}

/** Texts made of claims: the groups of the user, or values of its extra. One text counts as a list; empty ones are left out. */
export function textsByExpression(text: string, what: 'group' | 'extra'): (claims: JWTPayload) => string[] {
  const evaluate = overClaims(text, `${what} claim expression`);
  return (claims) => {
    const json = toJson(evaluate(claims));
    const values: unknown[] = json === null ? [] : Array.isArray(json) ? json : [json];
    if (!values.every((each) => typeof each === 'string')) {
      const why = 'expression must return a string or a list of strings';
      throw new InvalidCredential(`oidc: error evaluating ${what} claim expression: ${why}`);
    }
    return values.map(String).filter((each) => each !== '');
  };
}

/** A rule that tokens must meet. Throws InvalidCredential, with the rule's message. */
export function claimRule(text: string, message: string): (claims: JWTPayload) => void {
  const what = 'claim validation expression';
  const evaluate = overClaims(text, what);
  return (claims) => mustHold(evaluate(claims), text, message, what);
}

/** A rule that users must meet. Throws InvalidCredential, with the rule's message. */
export function userRule(text: string, message: string): (user: UserInfo) => void {
  const expression = compile(text, ofUser);
  const what = 'user info validation rule';
  return (user) => {
    const seen = { username: '', uid: '', groups: [], extra: {}, ...shown(user) };
    const activation: Activation = (name) => (name === 'user' ? toValue(seen, userType) : undefined);
    mustHold(evaluated(expression, activation, what), text, message, what);
  };
}

function mustHold(value: Value, text: string, message: string, what: string): void {
  if (value === true) return;
  const why =
    value === false
      ? `validation expression '${text}' failed: ${message}`
      : 'validation expression must return a boolean';
  throw new InvalidCredential(`oidc: error evaluating ${what}: ${why}`);
}
