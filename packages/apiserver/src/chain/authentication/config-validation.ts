import { append } from '@coracle/api/meta/append';
import { duplicate, type FieldError, forbidden, invalid, Path, required, tooMany } from '@coracle/api/meta/field-path';
import { validateDomainPrefixedPath } from '@coracle/api/meta/validate-path';
import { certificatesIn } from './client-certificate.ts';
import type { AuthenticationConfig, JwtConfig } from './config-file.ts';

/** Finds what is wrong with expressions; loaded where there are any (`oidc/expressions.ts`). */
export interface ExpressionChecks {
  overClaims(text: string, at: Path, wanted?: readonly ['bool']): FieldError[];
  overUser(text: string, at: Path): FieldError[];
  /** Whether an expression without errors asks for the claim. */
  uses(text: string, claim: string): boolean;
}

const noExpressions: ExpressionChecks = { overClaims: () => [], overUser: () => [], uses: () => false };

const mostIssuers = 64;

/** Errors of where anonymous requests are let in. */
export function anonymousProblems({ anonymous }: AuthenticationConfig): FieldError[] {
  if (!anonymous || anonymous.enabled || anonymous.conditions.length === 0) return [];
  const at = new Path('anonymous').child('conditions');
  return [invalid(at, anonymous.conditions, 'enabled should be set to true when conditions are defined')];
}

/** Errors of issuers and of how their tokens are read. `own` are issuers that cannot be among them. */
export function jwtProblems(all: readonly JwtConfig[], own: readonly string[], checks = noExpressions): FieldError[] {
  const at = new Path('jwt');
  if (all.length > mostIssuers) return [tooMany(at, all.length, mostIssuers)];
  const seen = { url: new Set<string>(), discoveryURL: new Set<string>() };
  return all.flatMap((jwt, i) => {
    const path = at.index(i);
    const issuer = path.child('issuer');
    const errors = [
      ...issuerProblems(jwt.issuer, own, issuer),
      ...claimProblems(jwt, path, checks),
      ...userRuleProblems(jwt.userValidationRules, path.child('userValidationRules'), checks),
    ];
    for (const field of ['url', 'discoveryURL'] as const) {
      const value = jwt.issuer[field];
      if (seen[field].has(value)) errors.push(duplicate(issuer.child(field), value));
      if (field === 'url' || value !== '') seen[field].add(value);
    }
    return errors;
  });
}

type IssuerConfig = JwtConfig['issuer'];

function issuerProblems(issuer: IssuerConfig, own: readonly string[], at: Path): FieldError[] {
  const { url, discoveryURL, certificateAuthority, egressSelectorType } = issuer;
  const errors: FieldError[] = [];
  if (url === '') errors.push(required(at.child('url')));
  else {
    if (own.includes(url)) {
      const detail = `URL must not overlap with disallowed issuers: [${[...own].sort().join(' ')}]`;
      errors.push(invalid(at.child('url'), url, detail));
    }
    append(errors, urlProblems(url, at.child('url')));
  }
  if (discoveryURL !== '') {
    const path = at.child('discoveryURL');
    const bare = (text: string) => text.replace(/\/+$/, '');
    if (url !== '' && bare(discoveryURL) === bare(url)) {
      errors.push(invalid(path, discoveryURL, 'discoveryURL must be different from URL'));
    }
    append(errors, urlProblems(discoveryURL, path));
  }
  append(errors, audienceProblems(issuer, at));
  if (certificateAuthority !== '')
    append(errors, authorityProblems(certificateAuthority, at.child('certificateAuthority')));
  if (egressSelectorType !== '') {
    const path = at.child('egressSelectorType');
    if (['controlplane', 'cluster'].includes(egressSelectorType)) {
      errors.push(forbidden(path, 'egress selectors are not supported by this server'));
    } else {
      errors.push(invalid(path, egressSelectorType, 'egress selector must be either controlplane or cluster'));
    }
  }
  return errors;
}

function urlProblems(value: string, at: Path): FieldError[] {
  if (!URL.canParse(value)) return [invalid(at, value, `parse ${JSON.stringify(value)}: invalid URL`)];
  const { protocol, username, password, search, hash } = new URL(value);
  const wrong: [boolean, string][] = [
    [protocol !== 'https:', 'URL scheme must be https'],
    [username !== '' || password !== '', 'URL must not contain a username or password'],
    [search !== '', 'URL must not contain a query'],
    [hash !== '', 'URL must not contain a fragment'],
  ];
  return wrong.filter(([isWrong]) => isWrong).map(([, detail]) => invalid(at, value, detail));
}

function audienceProblems({ audiences, audienceMatchPolicy: policy }: IssuerConfig, at: Path): FieldError[] {
  const path = at.child('audiences');
  if (audiences.length === 0) return [required(path, `at least one ${path} is required`)];
  const errors: FieldError[] = [];
  for (const [i, audience] of audiences.entries()) {
    if (audience === '') errors.push(required(path.index(i)));
    if (audiences.indexOf(audience) < i) errors.push(duplicate(path.index(i), audience));
  }
  if (policy === 'MatchAny') return errors;
  const matchPolicy = at.child('audienceMatchPolicy');
  if (audiences.length > 1) {
    errors.push(invalid(matchPolicy, policy, 'audienceMatchPolicy must be MatchAny for multiple audiences'));
  } else if (policy !== '') {
    errors.push(invalid(matchPolicy, policy, 'audienceMatchPolicy must be empty or MatchAny for single audience'));
  }
  return errors;
}

function authorityProblems(pem: string, at: Path): FieldError[] {
  try {
    certificatesIn(pem);
    return [];
  } catch (error) {
    return [invalid(at, '<omitted>', (error as Error).message)];
  }
}

const bothSet = "claim and expression can't both be set";
const withoutClaim = 'may not be specified when expression is set';

function claimProblems(jwt: JwtConfig, at: Path, checks: ExpressionChecks): FieldError[] {
  const { claimMappings, claimValidationRules: rules } = jwt;
  const { username, groups, uid, extra } = claimMappings;
  const mappings = at.child('claimMappings');
  // Expressions without errors, by which an address may be confirmed.
  const good: string[] = [];
  const judged = (text: string, errors: FieldError[]): FieldError[] => {
    if (errors.length === 0) good.push(text);
    return errors;
  };

  const errors = rules.flatMap((rule, i) => {
    const path = at.child('claimValidationRules').index(i);
    return ruleProblems(rule, rules.slice(0, i), path, () =>
      judged(rule.expression, checks.overClaims(rule.expression, path.child('expression'), ['bool'])),
    );
  });
  const ofUsername = mappedProblems(username, mappings.child('username'), checks, true);
  if (ofUsername.length === 0 && username.expression !== '') good.push(username.expression);
  append(errors, ofUsername, mappedProblems(groups, mappings.child('groups'), checks));
  if (uid.claim !== '' && uid.expression !== '') errors.push(invalid(mappings.child('uid'), '', bothSet));
  else if (uid.expression !== '') {
    append(errors, checks.overClaims(uid.expression, mappings.child('uid').child('expression')));
  }
  for (const [i, { key, valueExpression }] of extra.entries()) {
    const path = mappings.child('extra').index(i);
    append(errors, keyProblems(key, path.child('key')));
    if (extra.findIndex((each) => each.key === key) < i) errors.push(duplicate(path.child('key'), key));
    else if (valueExpression === '') errors.push(required(path.child('valueExpression')));
    else {
      append(errors, judged(valueExpression, checks.overClaims(valueExpression, path.child('valueExpression'))));
    }
  }
  // Who is named by an address must be asked whether it is confirmed.
  const isByEmail = ofUsername.length === 0 && checks.uses(username.expression, 'email');
  if (isByEmail && !good.some((text) => checks.uses(text, 'email_verified'))) {
    const places =
      'claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression';
    const detail = `claims.email_verified must be used in ${places} when claims.email is used in claimMappings.username.expression`;
    errors.push(invalid(mappings.child('username').child('expression'), username.expression, detail));
  }
  return errors;
}

type Rule = JwtConfig['claimValidationRules'][number];

function ruleProblems(rule: Rule, before: readonly Rule[], at: Path, compiled: () => FieldError[]): FieldError[] {
  const { claim, expression, requiredValue, message } = rule;
  if (claim !== '' && expression !== '') return [invalid(at, claim, bothSet)];
  if (claim === '' && expression === '') return [required(at, 'claim or expression is required')];
  const errors: FieldError[] = [];
  if (claim !== '') {
    if (message !== '') errors.push(invalid(at.child('message'), message, 'may not be specified when claim is set'));
    if (before.some((each) => each.claim === claim && each.expression === '')) {
      errors.push(duplicate(at.child('claim'), claim));
    }
    return errors;
  }
  if (requiredValue !== '') errors.push(invalid(at.child('requiredValue'), requiredValue, withoutClaim));
  if (before.some((each) => each.expression === expression && each.claim === '')) {
    return [...errors, duplicate(at.child('expression'), expression)];
  }
  return [...errors, ...compiled()];
}

type Mapped = JwtConfig['claimMappings']['username'];

/** Errors of the mapping to the name or the groups of users; the name is not optional. */
function mappedProblems(
  { claim, prefix, expression }: Mapped,
  at: Path,
  checks: ExpressionChecks,
  isNeeded = false,
): FieldError[] {
  if (expression !== '' && claim !== '') return [invalid(at, '', bothSet)];
  if (expression !== '') {
    return [
      ...(typeof prefix === 'string' ? [invalid(at.child('prefix'), prefix, withoutClaim)] : []),
      ...checks.overClaims(expression, at.child('expression')),
    ];
  }
  if (claim === '') return isNeeded ? [required(at, 'claim or expression is required')] : [];
  if (typeof prefix === 'string') return [];
  const detail = 'prefix is required when claim is set. It can be set to an empty string to disable prefixing';
  return [required(at.child('prefix'), detail)];
}

/** Keys of extra are paths below a domain that is not Kubernetes' own. */
function keyProblems(key: string, at: Path): FieldError[] {
  const errors = validateDomainPrefixedPath(key, at);
  if (key !== key.toLowerCase()) errors.push(invalid(at, key, 'must be lowercase'));
  const domain = key.includes('/') ? key.slice(0, key.indexOf('/')) : '';
  if (['k8s.io', 'kubernetes.io'].some((own) => domain === own || domain.endsWith(`.${own}`))) {
    const detail = 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use';
    errors.push(invalid(at, key, detail));
  }
  return errors;
}

function userRuleProblems(rules: JwtConfig['userValidationRules'], at: Path, checks: ExpressionChecks): FieldError[] {
  return rules.flatMap(({ expression }, i) => {
    const path = at.index(i).child('expression');
    if (expression === '') return [required(path)];
    if (rules.findIndex((each) => each.expression === expression) < i) return [duplicate(path, expression)];
    return checks.overUser(expression, path);
  });
}
