import { X509Certificate } from 'node:crypto';
import { append } from '@coracle/api/meta/append';
import { duplicate, type FieldError, forbidden, invalid, Path, required, tooMany } from '@coracle/api/meta/field-path';
import { isDns1123Subdomain } from '@coracle/api/meta/names';
import { aggregate } from '@coracle/api/meta/status';
import { readComponentConfig } from '@coracle/process/component-config';
import { UsageError } from '@coracle/process/program';
import { z } from 'zod';

const text = z.string().default('');
const mapped = z.strictObject({ claim: text, prefix: z.string().nullish(), expression: text });

const jwt = z.strictObject({
  issuer: z.strictObject({
    url: text,
    discoveryURL: text,
    certificateAuthority: text,
    audiences: z.array(z.string()).default([]),
    audienceMatchPolicy: text,
    egressSelectorType: text,
  }),
  claimValidationRules: z
    .array(z.strictObject({ claim: text, requiredValue: text, expression: text, message: text }))
    .default([]),
  claimMappings: z.strictObject({
    username: mapped.default({ claim: '', expression: '' }),
    groups: mapped.default({ claim: '', expression: '' }),
    uid: z.strictObject({ claim: text, expression: text }).default({ claim: '', expression: '' }),
    extra: z.array(z.strictObject({ key: text, valueExpression: text })).default([]),
  }),
  userValidationRules: z.array(z.strictObject({ expression: text, message: text })).default([]),
});

const schema = z.strictObject({
  jwt: z.array(jwt).default([]),
  anonymous: z
    .strictObject({
      enabled: z.boolean().default(false),
      conditions: z.array(z.strictObject({ path: text })).default([]),
    })
    .optional(),
});

/** What `--authentication-config` says, its defaults filled in. */
export type AuthenticationConfig = z.infer<typeof schema>;
/** One issuer of tokens, and how its tokens become users. */
export type JwtConfig = z.infer<typeof jwt>;

const versions = ['v1', 'v1beta1', 'v1alpha1'];
const mostIssuers = 64;

/**
 * Reads `--authentication-config` (apiserver.config.k8s.io/v1). `own` are the issuers of service account tokens, which cannot be among
 * the others. Throws UsageError naming the file and each thing wrong.
 */
export async function readAuthenticationConfig(path: string, own: readonly string[]): Promise<AuthenticationConfig> {
  const config = readComponentConfig(path, {
    apiVersion: versions.map((version) => `apiserver.config.k8s.io/${version}`),
    kind: 'AuthenticationConfiguration',
    schema,
  });
  const errors = [...jwtProblems(config.jwt, own), ...anonymousProblems(config)];
  if (config.jwt.some(hasExpressions)) {
    const { expressionProblems } = await import('./oidc/expressions.ts');
    append(errors, expressionProblems(config.jwt));
  }
  if (errors.length === 0) return config;
  throw new UsageError(`${path}: ${aggregate(errors.map(({ field, message }) => `${field}: ${message}`))}`);
}

/** Whether anything of how an issuer's tokens are read is said in CEL. */
export function hasExpressions({ claimMappings, claimValidationRules, userValidationRules }: JwtConfig): boolean {
  const { username, groups, uid, extra } = claimMappings;
  return (
    [username, groups, uid, ...claimValidationRules].some(({ expression }) => expression !== '') ||
    extra.length > 0 ||
    userValidationRules.length > 0
  );
}

function anonymousProblems({ anonymous }: AuthenticationConfig): FieldError[] {
  if (!anonymous || anonymous.enabled || anonymous.conditions.length === 0) return [];
  const at = new Path('anonymous').child('conditions');
  return [invalid(at, anonymous.conditions, 'enabled should be set to true when conditions are defined')];
}

/** Errors of issuers and of how their tokens are read. */
export function jwtProblems(all: readonly JwtConfig[], own: readonly string[]): FieldError[] {
  const at = new Path('jwt');
  if (all.length > mostIssuers) return [tooMany(at, all.length, mostIssuers)];
  return all.flatMap((each, i) => {
    const { issuer, claimMappings, claimValidationRules, userValidationRules } = each;
    const path = at.index(i);
    const before = all.slice(0, i).map(({ issuer: { url } }) => url);
    return [
      ...issuerProblems(issuer, before, own, path.child('issuer')),
      ...ruleProblems(claimValidationRules, path.child('claimValidationRules')),
      ...mappingProblems(claimMappings, path.child('claimMappings')),
      ...emailProblems(each, path.child('claimMappings').child('username').child('expression')),
      ...userRuleProblems(userValidationRules, path.child('userValidationRules')),
    ];
  });
}

type IssuerConfig = JwtConfig['issuer'];

function issuerProblems(
  issuer: IssuerConfig,
  before: readonly string[],
  own: readonly string[],
  at: Path,
): FieldError[] {
  const { url, discoveryURL, audiences, audienceMatchPolicy: policy } = issuer;
  const errors = urlProblems(url, at.child('url'));
  if (own.includes(url)) {
    errors.push(invalid(at.child('url'), url, `URL must not overlap with disallowed issuers: [${own.join(' ')}]`));
  }
  if (before.includes(url)) errors.push(duplicate(at.child('url'), url));
  if (discoveryURL !== '') {
    append(errors, urlProblems(discoveryURL, at.child('discoveryURL')));
    if (discoveryURL.replace(/\/$/, '') === url.replace(/\/$/, '')) {
      errors.push(invalid(at.child('discoveryURL'), discoveryURL, 'discoveryURL must be different from URL'));
    }
  }
  if (audiences.length === 0)
    errors.push(required(at.child('audiences'), `at least one ${at.child('audiences')} is required`));
  for (const [i, audience] of audiences.entries()) {
    const path = at.child('audiences').index(i);
    if (audience === '') errors.push(required(path, "audience can't be empty"));
    else if (audiences.indexOf(audience) < i) errors.push(duplicate(path, audience));
  }
  const matchPolicy = at.child('audienceMatchPolicy');
  if (audiences.length > 1 && policy !== 'MatchAny') {
    errors.push(invalid(matchPolicy, policy, 'audienceMatchPolicy must be set to MatchAny for multiple audiences'));
  } else if (policy !== '' && policy !== 'MatchAny') {
    errors.push(invalid(matchPolicy, policy, 'audienceMatchPolicy must be empty or MatchAny for single audience'));
  }
  if (issuer.egressSelectorType !== '') {
    errors.push(forbidden(at.child('egressSelectorType'), 'egress selectors are not supported by this server'));
  }
  if (issuer.certificateAuthority !== '' && !isCertificate(issuer.certificateAuthority)) {
    const detail = 'data does not contain any valid RSA or ECDSA certificates';
    errors.push(invalid(at.child('certificateAuthority'), '<omitted>', detail));
  }
  return errors;
}

function urlProblems(value: string, at: Path): FieldError[] {
  if (value === '') return [required(at, 'URL is required')];
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

function isCertificate(pem: string): boolean {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  try {
    for (const block of blocks) new X509Certificate(block);
  } catch {
    return false; // that it cannot be read is the answer
  }
  return blocks.length > 0;
}

function ruleProblems(rules: JwtConfig['claimValidationRules'], at: Path): FieldError[] {
  const seen = new Set<string>();
  return rules.flatMap(({ claim, expression, requiredValue, message }, i) => {
    const path = at.index(i);
    if (claim === '' && expression === '') return [required(path, 'claim or expression is required')];
    if (claim !== '' && expression !== '') return [invalid(path, claim, bothSet)];
    const field = claim === '' ? 'expression' : 'claim';
    const value = claim || expression;
    const errors = seen.has(`${field} ${value}`) ? [duplicate(path.child(field), value)] : [];
    seen.add(`${field} ${value}`);
    if (expression !== '' && requiredValue !== '') {
      const detail = "requiredValue can't be set when expression is set";
      errors.push(invalid(path.child('requiredValue'), requiredValue, detail));
    }
    if (claim !== '' && message !== '') {
      errors.push(invalid(path.child('message'), message, "message can't be set when claim is set"));
    }
    return errors;
  });
}

const bothSet = "claim and expression can't both be set";

function userRuleProblems(rules: JwtConfig['userValidationRules'], at: Path): FieldError[] {
  return rules.flatMap(({ expression }, i) => {
    const path = at.index(i).child('expression');
    if (expression === '') return [required(path, 'expression is required')];
    return rules.findIndex((each) => each.expression === expression) < i ? [duplicate(path, expression)] : [];
  });
}

function mappingProblems({ username, groups, uid, extra }: JwtConfig['claimMappings'], at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const [name, it] of Object.entries({ username, groups })) {
    const path = at.child(name);
    if (it.expression !== '' && it.claim !== '') errors.push(invalid(path, '', bothSet));
    else if (it.expression !== '' && typeof it.prefix === 'string') {
      errors.push(invalid(path.child('prefix'), it.prefix, "prefix can't be set when expression is set"));
    } else if (it.expression === '' && it.claim === '' && name === 'username') {
      errors.push(required(path, 'claim or expression is required'));
    }
    if (it.claim !== '' && typeof it.prefix !== 'string') {
      const detail = 'prefix is required when claim is set. It can be set to an empty string to disable prefixing';
      errors.push(required(path.child('prefix'), detail));
    }
    if (it.claim === '' && it.expression === '' && it.prefix) {
      errors.push(invalid(path, '', 'non-empty claim name is required when prefix is set'));
    }
  }
  if (uid.claim !== '' && uid.expression !== '') errors.push(invalid(at.child('uid'), '', bothSet));
  for (const [i, { key, valueExpression }] of extra.entries()) {
    const path = at.child('extra').index(i);
    if (extra.findIndex((each) => each.key === key) < i) errors.push(duplicate(path.child('key'), key));
    else append(errors, keyProblems(key, path.child('key')));
    if (valueExpression === '') {
      errors.push(required(path.child('valueExpression'), 'valueExpression is required'));
    }
  }
  return errors;
}

/** Keys of extra are paths below a domain that is not Kubernetes' own. */
function keyProblems(key: string, at: Path): FieldError[] {
  if (key === '') return [required(at)];
  const slash = key.indexOf('/');
  if (slash <= 0 || slash === key.length - 1)
    return [invalid(at, key, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  const domain = key.slice(0, slash);
  const problems = isDns1123Subdomain(domain).map((problem) => invalid(at, domain, problem));
  if (key !== key.toLowerCase()) problems.push(invalid(at, key, 'key must be lowercase'));
  if (['k8s.io', 'kubernetes.io'].some((own) => domain === own || domain.endsWith(`.${own}`))) {
    const detail = 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use';
    problems.push(invalid(at, key, detail));
  }
  return problems;
}

/** Who is named by an address must be asked whether it is confirmed. */
function emailProblems({ claimMappings, claimValidationRules }: JwtConfig, at: Path): FieldError[] {
  const { username, extra } = claimMappings;
  if (!/\bclaims\.\??email\b/.test(username.expression)) return [];
  const all = [
    username.expression,
    ...extra.map(({ valueExpression }) => valueExpression),
    ...claimValidationRules.map(({ expression }) => expression),
  ];
  if (all.some((text) => /\bclaims\.\??email_verified\b/.test(text))) return [];
  const places =
    'claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression';
  const detail = `claims.email_verified must be used in ${places} when claims.email is used in claimMappings.username.expression`;
  return [invalid(at, username.expression, detail)];
}
