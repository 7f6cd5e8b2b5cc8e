import { aggregate } from '@coracle/api/meta/status';
import { readComponentConfig } from '@coracle/process/component-config';
import { UsageError } from '@coracle/process/program';
import { z } from 'zod';
import { anonymousProblems, jwtProblems } from './config-validation.ts';

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
  // The language is loaded where there is something to say in it.
  const checks = config.jwt.some(hasExpressions) ? (await import('./oidc/expressions.ts')).expressionChecks : undefined;
  const errors = [...jwtProblems(config.jwt, own, checks), ...anonymousProblems(config)];
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
