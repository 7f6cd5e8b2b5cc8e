import { readFileSync } from 'node:fs';
import { aggregate } from '@coracle/api/meta/status';
import type { FlagValues } from '@coracle/process/flags';
import { UsageError } from '@coracle/process/program';
import { FollowedFile, type FollowedFileOptions } from '../../followed-file.ts';
import { kubeconfigWebhook } from '../../webhooks/kubeconfig-webhook.ts';
import { restClientMetrics } from '../../webhooks/rest-metrics.ts';
import type { TokenAuthenticator } from './authenticator.ts';
import { forAudiences, unionOfTokens } from './bearer-token.ts';
import { cachedTokens, type TokenCacheOptions } from './cached-tokens.ts';
import { type AuthenticationConfig, hasExpressions, type JwtConfig, readAuthenticationConfig } from './config-file.ts';
import { jwtProblems } from './config-validation.ts';
import { isOidcSet, type outsideTokenFlags } from './flags.ts';
import { groupsByClaim, requiredClaim, textByClaim, usernameByClaim } from './oidc/claims.ts';
import { Issuer } from './oidc/issuer.ts';
import { jwtTokens } from './oidc/tokens.ts';
import { tokenCacheMetrics } from './token-cache-metrics.ts';
import { webhookTokens } from './webhook-token.ts';

type Flags = FlagValues<typeof outsideTokenFlags>;

/** Algorithms tokens of a configuration file may be signed with: all that are not shared secrets. */
const algorithms = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512'];

/** How long (ms) a token of an issuer is not checked again. */
const verifiedFor = 10_000;

/** What flags and files say of tokens that others issue or know. */
export interface OutsideTokens {
  /** Asked in order, after the server's own. */
  readonly tokens: readonly TokenAuthenticator[];
  /** Where the file says who may come without a token. */
  anonymous(): AuthenticationConfig['anonymous'];
  /** Looks whether the file has changed, and takes it up; this happens by itself every few seconds. */
  reload(): Promise<void>;
  close(): void;
}

/** What an OutsideTokens is made with. `own` are the issuers of service account tokens, `audiences` those of tokens for this server. */
export interface OutsideTokenOptions extends Omit<FollowedFileOptions, 'what'> {
  readonly own: readonly string[];
  readonly audiences: readonly string[];
  /** Whether --anonymous-auth is on the command line: then the file cannot say where anonymous requests are let in. */
  readonly anonymousByFlag?: boolean;
}

/** Reads them. Throws UsageError on what cannot be. */
export async function outsideTokensOf(
  flags: Flags,
  { own, audiences, anonymousByFlag = false, ...around }: OutsideTokenOptions,
): Promise<OutsideTokens> {
  const counted = tokenCacheMetrics(around.metrics);
  const file = flags['authentication-config'];
  const byFlags = jwtOfFlags(flags);
  if (file !== '' && byFlags) {
    throw new UsageError('authentication-config file and oidc-* flags are mutually exclusive');
  }
  if (byFlags) {
    const errors = jwtProblems([byFlags], own);
    if (errors.length > 0) throw new UsageError(aggregate(errors.map(({ field, message }) => `${field}: ${message}`)));
  }
  const signedWith = byFlags ? supported(flags['oidc-signing-algs']) : algorithms;
  let anonymous: AuthenticationConfig['anonymous'];
  let issued = unionOfTokens([]);
  const take = async (): Promise<void> => {
    const config = file === '' ? undefined : await readAuthenticationConfig(file, own);
    if (anonymousByFlag && config?.anonymous) {
      throw new UsageError(
        '--anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file',
      );
    }
    const jwts = config?.jwt ?? (byFlags ? [byFlags] : []);
    issued = unionOfTokens(await Promise.all(jwts.map((each) => authenticatorOf(each, signedWith, counted))));
    anonymous = config?.anonymous;
  };
  const seen = file === '' ? '' : readFileSync(file, 'utf8');
  await take();
  const followed = file === '' ? undefined : new FollowedFile(file, seen, take, { what: 'authentication', ...around });

  const webhookFile = flags['authentication-token-webhook-config-file'];
  const webhook =
    webhookFile === '' ? undefined : kubeconfigWebhook(webhookFile, { observe: restClientMetrics(around.metrics) });
  const ttl = flags['authentication-token-webhook-cache-ttl'];
  const version = flags['authentication-token-webhook-version'];
  return {
    tokens: [
      forAudiences(audiences, { authenticateToken: (token, wanted) => issued.authenticateToken(token, wanted) }),
      ...(webhook
        ? [
            cachedTokens(webhookTokens({ webhook, version, own: audiences }), {
              success: ttl,
              failure: ttl,
              metrics: counted,
            }),
          ]
        : []),
    ],
    anonymous: () => anonymous,
    reload: async () => followed?.check(),
    close() {
      followed?.close();
      webhook?.close();
    },
  };
}

function supported(wanted: readonly string[]): readonly string[] {
  const unknown = wanted.find((each) => !algorithms.includes(each));
  if (unknown !== undefined) throw new UsageError(`oidc: unsupported signing alg: ${JSON.stringify(unknown)}`);
  return wanted;
}

async function authenticatorOf(
  config: JwtConfig,
  signedWith: readonly string[],
  metrics: TokenCacheOptions['metrics'],
): Promise<TokenAuthenticator> {
  const { issuer, claimMappings, claimValidationRules, userValidationRules } = config;
  const { username, groups, uid, extra } = claimMappings;
  // The language is loaded where there is something to say in it.
  const cel = hasExpressions(config) ? await import('./oidc/expressions.ts') : undefined;
  const tokens = jwtTokens({
    issuerUrl: issuer.url,
    issuer: new Issuer({
      url: issuer.url,
      ...(issuer.discoveryURL === '' ? {} : { discoveryUrl: issuer.discoveryURL }),
      ...(issuer.certificateAuthority === '' ? {} : { ca: issuer.certificateAuthority }),
    }),
    audiences: issuer.audiences,
    algorithms: signedWith,
    username: username.expression
      ? cel!.textByExpression(username.expression, 'username')
      : usernameByClaim({ claim: username.claim, prefix: username.prefix ?? '' }),
    groups: groups.expression
      ? cel!.textsByExpression(groups.expression, 'group')
      : groups.claim
        ? groupsByClaim({ claim: groups.claim, prefix: groups.prefix ?? '' })
        : () => [],
    uid: uid.expression
      ? cel!.textByExpression(uid.expression, 'uid')
      : uid.claim
        ? textByClaim(uid.claim, 'uid')
        : () => '',
    extra: Object.fromEntries(
      extra.map(({ key, valueExpression }) => [key, cel!.textsByExpression(valueExpression, 'extra')]),
    ),
    claimRules: claimValidationRules.map(({ claim, requiredValue, expression, message }) =>
      expression ? cel!.claimRule(expression, message) : requiredClaim(claim, requiredValue),
    ),
    userRules: userValidationRules.map(({ expression, message }) => cel!.userRule(expression, message)),
  });
  return cachedTokens(tokens, { success: verifiedFor, failure: 0, metrics });
}

/** The --oidc-* flags as the configuration file would say the same; undefined: none is set. */
function jwtOfFlags(flags: Flags): JwtConfig | undefined {
  const { 'oidc-issuer-url': url, 'oidc-client-id': audience, 'oidc-username-claim': claim } = flags;
  if (!isOidcSet(flags)) return undefined;
  if (url === '' || audience === '') {
    throw new UsageError('oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set');
  }
  const wanted = flags['oidc-username-prefix'];
  const prefix = wanted === '-' || (wanted === '' && claim === 'email') ? '' : wanted || `${url}#`;
  const caFile = flags['oidc-ca-file'];
  return {
    issuer: {
      url,
      discoveryURL: '',
      certificateAuthority: caFile === '' ? '' : readFileSync(caFile, 'utf8'),
      audiences: [audience],
      audienceMatchPolicy: '',
      egressSelectorType: '',
    },
    claimValidationRules: Object.entries(flags['oidc-required-claim']).map(([name, requiredValue]) => ({
      claim: name,
      requiredValue,
      expression: '',
      message: '',
    })),
    claimMappings: {
      username: { claim, prefix, expression: '' },
      groups: { claim: flags['oidc-groups-claim'], prefix: flags['oidc-groups-prefix'], expression: '' },
      uid: { claim: '', expression: '' },
      extra: [],
    },
    userValidationRules: [],
  };
}
