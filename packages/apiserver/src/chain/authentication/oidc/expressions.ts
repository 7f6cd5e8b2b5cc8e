import { type FieldError, invalid, Path } from '@coracle/api/meta/field-path';
import { type Activation, compile, dynamic, type Environment, type Expression, type Value } from '@coracle/cel';
import { declaredMap } from '@coracle/cel/schema/declared-type';
import { toJson, toValue } from '@coracle/cel/schema/json-value';
import type { JWTPayload } from 'jose';
import { compileIn } from '../../../expressions/compiled.ts';
import { requestType } from '../../../expressions/request-type.ts';
import { shown } from '../../../registry/reviews/authentication-reviews.ts';
import type { UserInfo } from '../../link.ts';
import { InvalidCredential } from '../authenticator.ts';
import type { JwtConfig } from '../config-file.ts';

const claimsType = declaredMap(dynamic);
const userType = requestType('authentication/v1.UserInfo', 'kubernetes.UserInfo');
/** What expressions about tokens can name, and those about the users that were made of them. */
const ofClaims: Environment = { variables: { claims: claimsType } };
const ofUser: Environment = { variables: { user: userType } };

/** Errors of the expressions of an AuthenticationConfiguration. What mappings come to is known when there are claims. */
export function expressionProblems(all: readonly JwtConfig[]): FieldError[] {
  return all.flatMap(({ claimMappings, claimValidationRules, userValidationRules }, i) => {
    const at = new Path('jwt').index(i);
    const mappings = at.child('claimMappings');
    const check = (text: string, path: Path, environment: Environment, wanted?: readonly ['bool']): FieldError[] => {
      const failure = text === '' ? undefined : compileIn(environment, text, wanted).failure;
      return failure === undefined ? [] : [invalid(path, text, failure)];
    };
    const { username, groups, uid, extra } = claimMappings;
    return [
      ...check(username.expression, mappings.child('username').child('expression'), ofClaims),
      ...check(groups.expression, mappings.child('groups').child('expression'), ofClaims),
      ...check(uid.expression, mappings.child('uid').child('expression'), ofClaims),
      ...extra.flatMap(({ valueExpression }, j) =>
        check(valueExpression, mappings.child('extra').index(j).child('valueExpression'), ofClaims),
      ),
      ...claimValidationRules.flatMap(({ expression }, j) =>
        check(expression, at.child('claimValidationRules').index(j).child('expression'), ofClaims, ['bool']),
      ),
      ...userValidationRules.flatMap(({ expression }, j) =>
        check(expression, at.child('userValidationRules').index(j).child('expression'), ofUser, ['bool']),
      ),
    ];
  });
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
