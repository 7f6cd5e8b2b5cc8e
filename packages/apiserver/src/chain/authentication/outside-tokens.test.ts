import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { selfSubjectReview } from '@coracle/api/authentication/v1/selfsubjectreview';
import { tokenReview } from '@coracle/api/authentication/v1/tokenreview';
import type { SelfSubjectReview, TokenReview } from '@coracle/api/types/authentication/v1';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { Registry } from 'prom-client';
import { apiServerFlags } from '../../flags.ts';
import { type HttpsServer, startHttpsServer } from '../../testing/https-server.ts';
import { writeWebhookConfig } from '../../testing/kubeconfig.ts';
import { type SecureServer, startSecureServer } from '../../testing/secure-server.ts';
import { InvalidCredential } from './authenticator.ts';
import { cachedTokens } from './cached-tokens.ts';
import { outsideTokensOf } from './outside-tokens.ts';
import { tokenCacheMetrics } from './token-cache-metrics.ts';

let folder: string;
let issuer: HttpsServer;
let keys: JWK[] = [];
let server: SecureServer | undefined;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oidc-'));
  issuer = await startHttpsServer(({ path }) => {
    if (path === '/keys') return { keys };
    const configuration = { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` };
    return path === '/.well-known/openid-configuration' ? configuration : { raw: 'not here', code: 404 };
  });
  await writeFile(at('ca.crt'), issuer.authority.certificate);
});
afterEach(async () => {
  await server?.close();
  server = undefined;
});
afterAll(async () => {
  await issuer.close();
  await rm(folder, { recursive: true });
});

/** A key of the issuer; published unless said otherwise. */
async function newKey(kid: string, algorithm = 'RS256', published = true) {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  if (published) keys = [...keys, { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' }];
  return (claims: JWTPayload = {}) => {
    const now = Math.floor(Date.now() / 1000);
    const payload = { iss: issuer.url, aud: 'kube', sub: 'alice', iat: now, exp: now + 600, ...claims };
    return new SignJWT(payload).setProtectedHeader({ alg: algorithm, kid }).sign(privateKey);
  };
}

const oidc = (...more: string[]) => [
  `--oidc-issuer-url=${issuer.url}`,
  '--oidc-client-id=kube',
  `--oidc-ca-file=${at('ca.crt')}`,
  ...more,
];

async function whoIs(token: string) {
  const review = await server!.with(token).create(selfSubjectReview, { metadata: {} } as SelfSubjectReview);
  return review.status!.userInfo!;
}

describe('tokens of an OpenID Connect issuer', () => {
  it('name a user under the prefix of the issuer, with its groups', async () => {
    keys = [];
    const sign = await newKey('k1');
    server = await startSecureServer(...oidc('--oidc-groups-claim=groups', '--oidc-groups-prefix=oidc:'));
    expect(await whoIs(await sign({ groups: ['a', 'b'] }))).toEqual({
      username: `${issuer.url}#alice`,
      groups: ['oidc:a', 'oidc:b', 'system:authenticated'],
    });
    expect((await whoIs(await sign({ groups: 'a' }))).groups).toEqual(['oidc:a', 'system:authenticated']);
    expect(issuer.received.filter(({ path }) => path === '/keys').length).toBe(1);
  });

  it('are for this server alone, whichever audiences somebody asks for', async () => {
    keys = [];
    const sign = await newKey('k1');
    server = await startSecureServer(...oidc('--api-audiences=api,other'));
    const token = await sign();
    const review = async (audiences?: string[]) =>
      (await server!.admin.create(tokenReview, { metadata: {}, spec: { token, audiences } } as TokenReview)).status;
    expect(await review()).toMatchObject({ authenticated: true, audiences: ['api', 'other'] });
    expect(await review(['vault', 'other'])).toMatchObject({ authenticated: true, audiences: ['other'] });
    expect(await review(['vault'])).toMatchObject({ error: 'invalid bearer token' });
  });

  it('are checked with new keys when the issuer has turned them over', async () => {
    keys = [];
    const before = await newKey('old');
    server = await startSecureServer(...oidc('--oidc-username-prefix=-'));
    expect((await whoIs(await before())).username).toBe('alice');
    keys = [];
    const after = await newKey('new');
    const token = await after();
    // It asks for keys once a second at most, whatever tokens name.
    for (let refused = true; refused; ) {
      refused = await whoIs(token).then(
        () => false,
        () => delay(100, true),
      );
    }
    expect((await whoIs(token)).username).toBe('alice');
    await expect(whoIs(await before())).rejects.toThrow('Unauthorized');
  });

  it('are refused for what is wrong with them, and the log says what', async () => {
    keys = [];
    const sign = await newKey('k1');
    const forge = await newKey('k1', 'RS256', false);
    const other = await newKey('k2', 'ES256');
    const now = Math.floor(Date.now() / 1000);
    server = await startSecureServer(...oidc('--oidc-username-claim=email', '--oidc-required-claim=team=x'));
    const good = { email: 'a@b.c', email_verified: true, team: 'x' };
    expect((await whoIs(await sign(good))).username).toBe('a@b.c');
    expect((await whoIs(await sign({ ...good, email_verified: undefined }))).username).toBe('a@b.c');
    const cases: [string, string][] = [
      ['oidc: verify token: failed to verify signature: failed to verify id token signature', await forge(good)],
      [
        'oidc: verify token: oidc: id token signed with unsupported algorithm, expected ["RS256"] got "ES256"',
        await other(good),
      ],
      ['oidc: verify token: oidc: expected audience in ["kube"] got ["vault"]', await sign({ ...good, aud: 'vault' })],
      ['oidc: verify token: oidc: token is expired (Token Expiry: 20', await sign({ ...good, exp: now - 1 })],
      ['before the nbf (not before) time: 20', await sign({ ...good, nbf: now + 600 })],
      ['oidc: email not verified', await sign({ ...good, email_verified: false })],
      ['oidc: required claim team not present in ID token', await sign({ ...good, team: undefined })],
      ['oidc: required claim team value does not match. Got = y, want = x', await sign({ ...good, team: 'y' })],
      ['oidc: parse username claims "email": claim not present', await sign({ ...good, email: undefined })],
      ['invalid bearer token', await sign({ ...good, iss: 'https://elsewhere' })],
    ];
    for (const [why, token] of cases) {
      await expect(whoIs(token)).rejects.toThrow('Unauthorized');
      expect(server.warnings.at(-1)).toMatchObject({ reason: expect.stringContaining(why) });
    }
  });

  it('come from several issuers and by several claims, as a file says, which also says where anybody may come', async () => {
    keys = [];
    const sign = await newKey('k1', 'ES384');
    const config = {
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'AuthenticationConfiguration',
      jwt: [
        {
          issuer: {
            url: issuer.url,
            certificateAuthority: issuer.authority.certificate,
            audiences: ['kube', 'other'],
            audienceMatchPolicy: 'MatchAny',
          },
          claimValidationRules: [{ claim: 'team', requiredValue: 'x' }],
          claimMappings: {
            username: { claim: 'sub', prefix: 'u:' },
            groups: { claim: 'roles', prefix: '' },
            uid: { claim: 'id' },
          },
        },
      ],
      anonymous: { enabled: true, conditions: [{ path: '/livez' }] },
    };
    await writeFile(at('config.yaml'), JSON.stringify(config));
    server = await startSecureServer(`--authentication-config=${at('config.yaml')}`);
    const token = await sign({ aud: ['x', 'other'], team: 'x', roles: ['r'], id: '7' });
    expect(await whoIs(token)).toEqual({ username: 'u:alice', uid: '7', groups: ['r', 'system:authenticated'] });
    expect((await server.with().request('GET', '/livez')).status).toBe(200);
    await expect(server.with().request('GET', '/version')).rejects.toThrow('Unauthorized');
  });

  it('are read by expressions, and must meet rules', async () => {
    keys = [];
    const sign = await newKey('k1');
    const config = {
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'AuthenticationConfiguration',
      jwt: [
        {
          issuer: { url: issuer.url, certificateAuthority: issuer.authority.certificate, audiences: ['kube'] },
          claimValidationRules: [{ expression: 'claims.exp - claims.iat <= 3600', message: 'lives too long' }],
          claimMappings: {
            username: { expression: '"u:" + claims.sub' },
            groups: { expression: 'claims.?roles.orValue("").split(",")' },
            uid: { expression: 'string(claims.id)' },
            extra: [
              { key: 'example.com/team', valueExpression: 'claims.team' },
              { key: 'example.com/none', valueExpression: '""' },
            ],
          },
          userValidationRules: [{ expression: "!user.username.startsWith('u:system')", message: 'reserved' }],
        },
      ],
    };
    await writeFile(at('config.yaml'), JSON.stringify(config));
    server = await startSecureServer(`--authentication-config=${at('config.yaml')}`);
    const good = { roles: 'a,b', id: 7, team: ['x', 'y'] };
    expect(await whoIs(await sign(good))).toEqual({
      username: 'u:alice',
      uid: '7',
      groups: ['a', 'b', 'system:authenticated'],
      extra: { 'example.com/team': ['x', 'y'] },
    });
    const now = Math.floor(Date.now() / 1000);
    const cases: [string, string][] = [
      [
        "oidc: error evaluating claim validation expression: validation expression 'claims.exp - claims.iat <= 3600' failed: lives too long",
        await sign({ ...good, exp: now + 9999 }),
      ],
      [
        'oidc: error evaluating user info validation rule: validation expression',
        await sign({ ...good, sub: 'system' }),
      ],
      ["expression 'claims.team' resulted in error: no such key: team", await sign({ id: 7 })],
      ['expression must return a string or a list of strings', await sign({ ...good, team: [1] })],
    ];
    for (const [why, token] of cases) {
      await expect(whoIs(token)).rejects.toThrow('Unauthorized');
      expect(server.warnings.at(-1)).toMatchObject({ reason: expect.stringContaining(why) });
    }
  });

  const log = { warn: () => undefined };
  const outside = (...flags: string[]) =>
    outsideTokensOf(apiServerFlags.parse(flags).values, {
      own: ['https://own'],
      audiences: [],
      metrics: new Registry(),
      log,
    });

  it('follow their file, but not into what is wrong', async () => {
    const config = (change: object) => ({
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'AuthenticationConfiguration',
      ...change,
    });
    const path = at('followed.yaml');
    await writeFile(path, JSON.stringify(config({ anonymous: { enabled: true } })));
    const tokens = await outside(`--authentication-config=${path}`);
    expect(tokens.anonymous()).toEqual({ enabled: true, conditions: [] });
    await writeFile(path, JSON.stringify(config({ anonymous: { enabled: false } })));
    await tokens.reload();
    expect(tokens.anonymous()?.enabled).toBe(false);
    await writeFile(path, JSON.stringify(config({ anonymus: {} })));
    await tokens.reload();
    expect(tokens.anonymous()?.enabled).toBe(false);
    tokens.close();
  });

  it.each<[string, object, string]>([
    ['an unknown field', { jwts: [] }, 'strict decoding error: unknown field "jwts"'],
    [
      'an issuer without https',
      jwt({ url: 'http://a' }),
      'jwt[0].issuer.url: Invalid value: "http://a": URL scheme must be https',
    ],
    [
      'our own issuer',
      jwt({ url: 'https://own' }),
      'jwt[0].issuer.url: Invalid value: "https://own": URL must not overlap with disallowed issuers: [https://own]',
    ],
    [
      'several audiences and no policy',
      jwt({ audiences: ['a', 'b'] }),
      'jwt[0].issuer.audienceMatchPolicy: Invalid value: "": audienceMatchPolicy must be MatchAny for multiple audiences',
    ],
    [
      'a claim without a prefix',
      jwt({}, { username: { claim: 'sub' } }),
      'jwt[0].claimMappings.username.prefix: Required value: prefix is required when claim is set.',
    ],
    [
      'an expression that does not compile',
      jwt({}, { username: { expression: 'claim.sub' } }),
      'jwt[0].claimMappings.username.expression: Invalid value: "claim.sub": compilation failed: ERROR: <input>:1:1: undeclared reference',
    ],
    [
      'a rule that is no condition',
      {
        jwt: [
          {
            issuer: { url: 'https://a', audiences: ['a'] },
            claimValidationRules: [{ expression: 'size(claims)' }],
            claimMappings: { username: { claim: 'sub', prefix: '' } },
          },
        ],
      },
      'jwt[0].claimValidationRules[0].expression: Invalid value: "size(claims)": must evaluate to bool',
    ],
    [
      'an address nobody needs to have confirmed',
      jwt({}, { username: { expression: 'claims.email' } }),
      'claims.email_verified must be used in claimMappings.username.expression or',
    ],
    [
      'a key of Kubernetes',
      jwt({}, { username: { expression: 'claims.sub' }, extra: [{ key: 'a.k8s.io/x', valueExpression: "'v'" }] }),
      'jwt[0].claimMappings.extra[0].key: Invalid value: "a.k8s.io/x": k8s.io, kubernetes.io and their subdomains are reserved',
    ],
    [
      'neither an issuer nor an audience that is named',
      jwt({ url: '', audiences: ['', ''], audienceMatchPolicy: 'MatchAny' }),
      '[jwt[0].issuer.url: Required value, jwt[0].issuer.audiences[0]: Required value, jwt[0].issuer.audiences[1]: Required value, jwt[0].issuer.audiences[1]: Duplicate value: ""]',
    ],
    [
      'the discovery of one issuer for another, below itself',
      { jwt: [issuerAt('https://a', 'https://b/'), issuerAt('https://b', 'https://b/')] },
      '[jwt[1].issuer.discoveryURL: Invalid value: "https://b/": discoveryURL must be different from URL, jwt[1].issuer.discoveryURL: Duplicate value: "https://b/"]',
    ],
    [
      'rules that say too much',
      {
        jwt: [
          {
            ...issuerAt('https://a'),
            claimValidationRules: [
              { claim: 'a', requiredValue: 'b', message: 'c' },
              { claim: 'a' },
              { expression: 'true', requiredValue: 'b' },
              { expression: 'true' },
            ],
            userValidationRules: [{ expression: '' }],
          },
        ],
      },
      '[jwt[0].claimValidationRules[0].message: Invalid value: "c": may not be specified when claim is set, jwt[0].claimValidationRules[1].claim: Duplicate value: "a", jwt[0].claimValidationRules[2].requiredValue: Invalid value: "b": may not be specified when expression is set, jwt[0].claimValidationRules[3].expression: Duplicate value: "true", jwt[0].userValidationRules[0].expression: Required value]',
    ],
    [
      'wrong keys, in the order they stand',
      jwt(
        {},
        {
          username: { expression: 'claims.sub', prefix: 'x' },
          groups: { claim: '', prefix: 'x' },
          extra: [
            { key: 'X.io/a b', valueExpression: "'v'" },
            { key: 'x.io/a', valueExpression: '' },
          ],
        },
      ),
      'jwt[0].claimMappings.username.prefix: Invalid value: "x": may not be specified when expression is set, jwt[0].claimMappings.extra[0].key: Invalid value: "X.io": a lowercase RFC 1123 subdomain',
    ],
    [
      'an address said to be confirmed in a text alone',
      jwt({}, { username: { expression: "claims.email + 'claims.email_verified'" } }),
      'claims.email_verified must be used in',
    ],
    [
      'conditions of what is off',
      { anonymous: { enabled: false, conditions: [{ path: '/a' }] } },
      'anonymous.conditions: Invalid value: [{"path":"/a"}]: enabled should be set to true when conditions are defined',
    ],
  ])('are not accepted by a file with %s', async (_name, fields, message) => {
    const config = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', ...fields };
    await writeFile(at('bad.yaml'), JSON.stringify(config));
    await expect(outside(`--authentication-config=${at('bad.yaml')}`)).rejects.toThrow(message);
  });

  it('are not accepted where flag and file both say where anybody may come', async () => {
    const config = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration' };
    await writeFile(at('both.yaml'), JSON.stringify({ ...config, anonymous: { enabled: true } }));
    const { values } = apiServerFlags.parse([`--authentication-config=${at('both.yaml')}`]);
    const around = { own: [], audiences: [], metrics: new Registry(), log: { warn: () => undefined } };
    await expect(outsideTokensOf(values, { ...around, anonymousByFlag: true })).rejects.toThrow(
      '--anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file',
    );
  });

  it('are not accepted by flags that do not fit', async () => {
    for (const flag of ['--oidc-client-id=a', '--oidc-groups-claim=g', '--oidc-required-claim=a=b']) {
      await expect(outside(flag)).rejects.toThrow(
        'oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set',
      );
    }
    await expect(outside('--oidc-client-id=a', '--oidc-issuer-url=http://a')).rejects.toThrow(
      'URL scheme must be https',
    );
    const url = '--oidc-issuer-url=https://a';
    await expect(outside('--oidc-client-id=a', url, '--oidc-signing-algs=HS256')).rejects.toThrow(
      'unsupported signing alg: "HS256"',
    );
    await expect(outside('--oidc-client-id=a', url, '--authentication-config=/x')).rejects.toThrow(
      'mutually exclusive',
    );
  });
});

/** A configuration of one issuer with changes. */
function issuerAt(url: string, discoveryURL = ''): object {
  return {
    issuer: { url, discoveryURL, audiences: ['a'] },
    claimMappings: { username: { claim: 'sub', prefix: '' } },
  };
}

function jwt(issuerFields: object, mappings: object = { username: { claim: 'sub', prefix: '' } }): object {
  return { jwt: [{ issuer: { url: 'https://a', audiences: ['a'], ...issuerFields }, claimMappings: mappings }] };
}

describe('tokens that a webhook knows', () => {
  it('are asked for once, and remembered', async () => {
    const user = { username: 'carol', uid: '3', groups: ['g'], extra: { k: ['v'] } };
    const hook = await startHttpsServer(({ body }) => ({
      kind: 'TokenReview',
      apiVersion: body.apiVersion,
      status:
        body.spec.token === 'good'
          ? { authenticated: true, user }
          : { authenticated: false, ...(body.spec.token === 'bad' ? { error: 'revoked' } : {}) },
    }));
    await writeWebhookConfig(at('token-hook.yaml'), hook);
    server = await startSecureServer(
      `--authentication-token-webhook-config-file=${at('token-hook.yaml')}`,
      '--authentication-token-webhook-version=v1',
    );
    expect(await whoIs('good')).toEqual({ ...user, groups: ['g', 'system:authenticated'] });
    await whoIs('good');
    expect(hook.received.map(({ body }) => body)).toEqual([
      expect.objectContaining({
        kind: 'TokenReview',
        apiVersion: 'authentication.k8s.io/v1',
        spec: { token: 'good', audiences: ['https://kubernetes.default.svc'] },
      }),
    ]);
    await expect(whoIs('bad')).rejects.toThrow('Unauthorized');
    expect(server.warnings.at(-1)).toMatchObject({ reason: '[invalid bearer token, revoked]' });
    await expect(whoIs('nobodys')).rejects.toThrow('Unauthorized');
    const spec = { token: 'good', audiences: ['vault'] };
    const review = await server.admin.create(tokenReview, { metadata: {}, spec } as TokenReview);
    expect(review.status).toMatchObject({ error: 'invalid bearer token' });
    await hook.close();
  });

  it('are good for as long as was said, and those who ask at once share the question', async () => {
    let asked = 0;
    const metrics = new Registry();
    const user = { name: 'a', uid: '', groups: [], extra: {} };
    const tokens = cachedTokens(
      {
        async authenticateToken(token) {
          asked++;
          return token === 'good' ? { user } : undefined;
        },
      },
      { success: 60_000, failure: 0, metrics: tokenCacheMetrics(metrics) },
    );
    await Promise.all([1, 2, 3].map(() => tokens.authenticateToken('good', [])));
    await tokens.authenticateToken('good', []);
    expect(asked).toBe(1);
    await tokens.authenticateToken('good', ['other']);
    expect(asked).toBe(2);
    const failing = cachedTokens(
      { authenticateToken: () => Promise.reject(new InvalidCredential(`outage ${++asked}`)) },
      { success: 60_000, failure: 60_000, metrics: tokenCacheMetrics(new Registry()) },
    );
    await expect(failing.authenticateToken('any', [])).rejects.toThrow('outage 3');
    await expect(failing.authenticateToken('any', [])).rejects.toThrow('outage 4');
    asked = 2;
    await tokens.authenticateToken('bad', []);
    await tokens.authenticateToken('bad', []);
    expect(asked).toBe(4);
    const text = await metrics.metrics();
    for (const line of [
      'request_total{status="hit"} 1',
      'request_total{status="miss"} 6',
      'request_duration_seconds_count{status="miss"} 6',
      'fetch_total{status="ok"} 4',
      'active_fetch_count{status="in_flight"} 0',
      'active_fetch_count{status="blocked"} 0',
    ]) {
      expect(text).toContain(`\nauthentication_token_cache_${line}\n`);
    }
  });
});
