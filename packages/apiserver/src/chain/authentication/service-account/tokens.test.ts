import { makeServiceAccountKeys } from '@coracle/process/pki';
import { keySet, signingKey, verificationKeys } from '@coracle/process/token-keys';
import { describe, expect, it } from '@jest/globals';
import type { RequestContext } from '../../link.ts';
import { InvalidCredential } from '../authenticator.ts';
import { type ClaimWishes, claimsOf } from './claims.ts';
import { type DiscoveryOptions, discoveryPages } from './discovery.ts';
import { TokenIssuer } from './issuer.ts';
import { type LiveObjects, type LiveState, ServiceAccountTokens } from './verifier.ts';

const issuerUrl = 'https://kubernetes.default.svc';
const everythingLives: LiveObjects = { stateOf: async () => ({ is: 'alive' }) };

async function issuing(algorithm: 'rsa-2048' | 'ec-p256' = 'ec-p256', live = everythingLives) {
  const { privateKey, publicKey } = await makeServiceAccountKeys(algorithm);
  const issuer = new TokenIssuer(issuerUrl, signingKey(privateKey));
  const keys = verificationKeys(publicKey);
  return { issuer, keys, tokens: new ServiceAccountTokens({ issuers: [issuerUrl], keys, live }) };
}

const wishes = (change: Partial<ClaimWishes> = {}): ClaimWishes => ({
  issuer: issuerUrl,
  id: 'id-1',
  namespace: 'default',
  serviceAccount: { name: 'robot', uid: 'sa-uid' },
  audiences: [issuerUrl],
  now: Math.floor(Date.now() / 1000),
  expirationSeconds: 3600,
  warnAfterSeconds: 0,
  ...change,
});

describe('a service account token', () => {
  it.each(['rsa-2048', 'ec-p256'] as const)(
    'names its account, and the pod and node it is bound to (%s)',
    async (algorithm) => {
      const { issuer, tokens } = await issuing(algorithm);
      const pod = { name: 'web', uid: 'pod-uid' };
      const node = { name: 'n1', uid: 'node-uid' };
      const token = await issuer.sign(claimsOf(wishes({ pod, node })));
      expect(await tokens.authenticateToken(token, [issuerUrl])).toEqual({
        user: {
          name: 'system:serviceaccount:default:robot',
          uid: 'sa-uid',
          groups: ['system:serviceaccounts', 'system:serviceaccounts:default'],
          extra: {
            'authentication.kubernetes.io/credential-id': ['JTI=id-1'],
            'authentication.kubernetes.io/pod-name': ['web'],
            'authentication.kubernetes.io/pod-uid': ['pod-uid'],
            'authentication.kubernetes.io/node-name': ['n1'],
            'authentication.kubernetes.io/node-uid': ['node-uid'],
          },
        },
        audiences: [issuerUrl],
      });
    },
  );

  it('is refused when it has expired, even when it was good before', async () => {
    const { issuer, tokens } = await issuing();
    const now = Math.floor(Date.now() / 1000);
    const token = await issuer.sign(claimsOf(wishes({ now: now - 7200 })));
    await expect(tokens.authenticateToken(token, [issuerUrl])).rejects.toThrow('expired');
  });

  it('is refused for another audience', async () => {
    const { issuer, tokens } = await issuing();
    const token = await issuer.sign(claimsOf(wishes({ audiences: ['vault'] })));
    await expect(tokens.authenticateToken(token, [issuerUrl, 'x'])).rejects.toThrow(
      `token audiences ["vault"] is invalid for the target audiences ["${issuerUrl}" "x"]`,
    );
    expect((await tokens.authenticateToken(token, ['vault', 'x']))?.audiences).toEqual(['vault']);
  });

  it('is refused with the signature of another key, and when it was changed', async () => {
    const { issuer, tokens } = await issuing();
    const other = await issuing();
    const forged = await other.issuer.sign(claimsOf(wishes()));
    await expect(tokens.authenticateToken(forged, [issuerUrl])).rejects.toThrow(
      'go-jose/go-jose: error in cryptographic primitive',
    );
    const [header, , signature] = (await issuer.sign(claimsOf(wishes()))).split('.');
    const body = Buffer.from(JSON.stringify(claimsOf(wishes({ namespace: 'kube-system' })))).toString('base64url');
    await expect(tokens.authenticateToken(`${header}.${body}.${signature}`, [issuerUrl])).rejects.toThrow(
      'go-jose/go-jose: error in cryptographic primitive',
    );
  });

  it('that says it needs no signature is refused', async () => {
    const { tokens } = await issuing();
    const part = (it: object) => Buffer.from(JSON.stringify(it)).toString('base64url');
    const unsigned = `${part({ alg: 'none' })}.${part(claimsOf(wishes()))}.`;
    expect(await tokens.authenticateToken(unsigned, [issuerUrl])).toBeUndefined();
  });

  it('of another issuer, or no token at all, is left to others', async () => {
    const { issuer, tokens } = await issuing();
    const token = await issuer.sign(claimsOf(wishes({ issuer: 'https://elsewhere' })));
    expect(await tokens.authenticateToken(token, [issuerUrl])).toBeUndefined();
    expect(await tokens.authenticateToken('abcdef.0123456789abcdef', [issuerUrl])).toBeUndefined();
  });

  it('falls with what it is bound to, at once', async () => {
    const states = new Map<string, LiveState>();
    const stateOf = async (kind: string) => states.get(kind) ?? ({ is: 'alive' } as const);
    const { issuer, tokens } = await issuing('ec-p256', { stateOf });
    const pod = { name: 'web', uid: 'pod-uid' };
    const node = { name: 'n1', uid: 'node-uid' };
    const ofPod = await issuer.sign(claimsOf(wishes({ pod, node })));
    const ofNode = await issuer.sign(claimsOf(wishes({ node })));
    expect(await tokens.authenticateToken(ofPod, [issuerUrl])).toBeDefined();
    const refused = async (token: string, message: string) =>
      expect(tokens.authenticateToken(token, [issuerUrl])).rejects.toThrow(new InvalidCredential(message));

    states.set('node', { is: 'gone' });
    expect(await tokens.authenticateToken(ofPod, [issuerUrl])).toBeDefined();
    await refused(ofNode, 'service account token has been invalidated');
    states.set('node', { is: 'replaced', uid: 'other' });
    await refused(ofNode, 'node UID (other) does not match service account node ref claim (node-uid)');
    states.set('pod', { is: 'deleted' });
    await refused(ofPod, 'service account token has been invalidated');
    states.set('pod', { is: 'replaced', uid: 'other' });
    await refused(ofPod, 'pod UID (other) does not match service account pod ref claim (pod-uid)');
    states.set('serviceaccount', { is: 'replaced', uid: 'other' });
    await refused(ofPod, 'service account UID (other) does not match claim (sa-uid)');
    states.set('serviceaccount', { is: 'deleted' });
    await refused(ofPod, 'service account default/robot has been deleted');
    states.set('serviceaccount', { is: 'gone' });
    await refused(ofPod, 'serviceaccounts "robot" not found');
  });

  it('counts from a minute before its time to a minute after it, and later than it should the audit log says so', async () => {
    const { issuer, tokens } = await issuing();
    const now = Math.floor(Date.now() / 1000);
    const from = async (begin: number, change: Partial<ClaimWishes> = {}) =>
      tokens.authenticateToken(await issuer.sign(claimsOf(wishes({ now: begin, ...change }))), [issuerUrl]);
    expect(await from(now - 3600 - 30)).toBeDefined();
    expect(await from(now + 30)).toBeDefined();
    await expect(from(now + 120)).rejects.toThrow('service account token is not valid yet');
    expect((await from(now - 20))?.annotations).toBeUndefined();
    expect((await from(now - 20, { warnAfterSeconds: 10 }))?.annotations).toEqual({
      'authentication.k8s.io/stale-token': expect.stringMatching(
        /^subject: system:serviceaccount:default:robot, seconds after warning threshold: 1\d$/,
      ),
    });
  });

  it('can be checked by others, who find the keys where the issuer says', async () => {
    const { keys } = await issuing();
    const show = async (options: Partial<DiscoveryOptions>, path = '/.well-known/openid-configuration') => {
      const pages = discoveryPages({ issuer: issuerUrl, keys, keysUrl: '', address: '10.0.0.1:6443', ...options });
      const headers = new Map<string, string>();
      let body = '';
      const res = {
        setHeader: (name: string, value: string) => headers.set(name, value),
        end: (text: string) => (body = text),
      };
      await pages[path]!({ res } as unknown as RequestContext);
      return { type: headers.get('Content-Type'), caching: headers.get('Cache-Control'), body: JSON.parse(body) };
    };
    expect(await show({})).toEqual({
      type: 'application/json',
      caching: 'public, max-age=3600',
      body: {
        issuer: issuerUrl,
        jwks_uri: 'https://10.0.0.1:6443/openid/v1/jwks',
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256'],
      },
    });
    expect((await show({ keysUrl: 'https://keys' })).body.jwks_uri).toBe('https://keys');
    expect(await show({}, '/openid/v1/jwks')).toMatchObject({
      type: 'application/jwk-set+json',
      body: { keys: [{ kid: keys[0]!.id }] },
    });
    await expect(show({ issuer: 'http://a' })).rejects.toThrow('issuer URL must use https scheme, got: http://a');
    await expect(show({ issuer: 'https://a?b' })).rejects.toThrow('issuer URL may not include a query');
  });

  it('can be checked by others with the published key set', async () => {
    const { keys } = await issuing();
    expect(keySet(keys).keys).toEqual([
      expect.objectContaining({ use: 'sig', kid: keys[0]!.id, alg: 'ES256', kty: 'EC', crv: 'P-256' }),
    ]);
  });
});
